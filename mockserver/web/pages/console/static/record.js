// One record in full, and the transitions that its state allows.
import { make, setText } from "../shared/dom.js";
import { keepFocus } from "./focus.js";
import { lines } from "./values.js";

const at = (id) => document.getElementById(id);

/** The pane beside the list; `fire` is called with resource, key, transition and where to tell a refusal. */
export class RecordDetail {
  #fire;
  #told = make("div", { class: "told", role: "status" });

  constructor(fire, close) {
    this.#fire = fire;
    at("record-transitions").after(this.#told);
    at("record").querySelector(".close").addEventListener("click", close);
    at("record").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !at("record").querySelector(".close").hidden) close();
    });
  }

  focus() {
    at("record-title").focus();
  }

  /** Show a record; none where none is chosen, and that it is gone where it is. */
  show(resource, key, record, transitions) {
    const chosen = key !== null;
    if (at("record").dataset.key !== String(key)) this.#told.replaceChildren();
    at("record").dataset.key = String(key);
    setText(at("record-title"), chosen ? String(key) : resource.field ? `Lifecycle of ${resource.name}` : "No record chosen");
    at("record").querySelector(".close").hidden = !chosen;
    at("record-json").hidden = !record;
    setText(at("record-json"), record ? lines(record) : "");
    if (chosen && !record) setText(this.#told, "It is no longer there.");
    const place = at("record-transitions");
    const wanted = JSON.stringify([resource.name, key, transitions]);
    if (place.dataset.shown === wanted) return;
    place.dataset.shown = wanted;
    keepFocus(place, () => place.querySelector("button") || at("record-title"), () =>
      place.replaceChildren(...transitions.map((one) =>
        make("button", { type: "button", onclick: () => this.#fire(resource.name, key, one, this.#told) }, one))),
    );
  }
}
