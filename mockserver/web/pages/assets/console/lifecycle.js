// The picture of a lifecycle.
import { all, setText } from "../shared/dom.js";

/** Show a resource's lifecycle, with the `state` of the selected record or null. @type {ShowLifecycle} */
export function showLifecycle({ name }, state, counts) {
  for (const figure of all("[data-lifecycle]")) {
    figure.hidden = figure.dataset.lifecycle !== name;
    if (figure.hidden) continue;
    const label = `Lifecycle of ${name}${state === null ? "" : `, now ${state}`}`;
    figure.firstElementChild.setAttribute("aria-label", label);
    for (const box of figure.querySelectorAll(".state")) {
      box.classList.toggle("current", box.dataset.state === state);
      const number = counts.get(box.dataset.state);
      setText(box.lastElementChild, number ? `× ${number.toLocaleString("en")}` : "");
    }
    for (const { classList, dataset } of figure.querySelectorAll(".arrow")) {
      classList.toggle("open", dataset.source === state);
    }
  }
}
