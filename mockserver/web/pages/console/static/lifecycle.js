// The picture of a lifecycle, with where a record stands in it, or how many records stand where.
import { setText } from "../shared/dom.js";

/** Show the lifecycle of `resource`, if it has one. `state` is a record's, or null; `counts` are by state. */
export function showLifecycle(resource, state, counts) {
  for (const figure of document.querySelectorAll("[data-lifecycle]")) {
    figure.hidden = figure.dataset.lifecycle !== resource.name;
    if (!figure.hidden) mark(figure.firstElementChild, resource.name, state, counts);
  }
}

function mark(picture, name, state, counts) {
  picture.setAttribute("aria-label", `Lifecycle of ${name}${state === null ? "" : `, now ${state}`}`);
  for (const box of picture.querySelectorAll(".state")) {
    box.classList.toggle("current", box.dataset.state === state);
    const number = counts.get(box.dataset.state);
    setText(box.lastElementChild, number ? `× ${number.toLocaleString("en")}` : "");
  }
  for (const arrow of picture.querySelectorAll(".arrow")) {
    arrow.classList.toggle("open", arrow.dataset.source === state);
  }
}
