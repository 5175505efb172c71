// The picture of a lifecycle, with where a record stands in it, or how many records stand where.
import { make } from "../shared/dom.js";

/** Show the lifecycle of `resource` in `figure`, if it has one. `state` is a record's; `counts` are by state. */
export function showPicture(figure, resource, { state = null, counts = new Map() }) {
  const template = document.querySelector(`template[data-lifecycle="${CSS.escape(resource.name)}"]`);
  figure.hidden = !template;
  if (!template) return;
  if (figure.dataset.resource !== resource.name) {
    figure.dataset.resource = resource.name;
    figure.replaceChildren(template.content.firstElementChild.cloneNode(true));
    figure.append(make("figcaption", { class: "unseen" }, figure.firstElementChild.dataset.text));
  }
  const picture = figure.firstElementChild;
  picture.setAttribute("aria-label", `Lifecycle of ${resource.name}${state === null ? "" : `, now ${state}`}`);
  for (const box of picture.querySelectorAll(".state")) {
    box.classList.toggle("current", box.dataset.state === state);
    const number = counts.get(box.dataset.state) || 0;
    const text = state === null && number ? `${box.dataset.state} · ${number}` : box.dataset.state;
    if (box.lastElementChild.textContent !== text) box.lastElementChild.textContent = text;
  }
  for (const arrow of picture.querySelectorAll(".arrow")) {
    arrow.classList.toggle("open", arrow.dataset.source === state);
  }
}
