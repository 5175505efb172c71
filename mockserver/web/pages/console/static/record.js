// One record in full, and the transitions that its state allows.
import { at, make } from "../shared/dom.js";
import { keepFocus } from "./focus.js";
import { reveal, say } from "./page.js";
import { Pane } from "./pane.js";
import { lines } from "./values.js";

/** The pane of records; `fire` is called with key, transition and where to tell a refusal. */
export class RecordPane extends Pane {
  #fire;

  constructor(fire, closed) {
    super("record", closed);
    this.#fire = fire;
  }

  /** Show a record of `resource`, or that it is gone; its lifecycle where none is chosen. */
  show(resource, record, transitions) {
    const { chosen } = this;
    this.head(chosen !== null ? String(chosen) : resource.field ? `Lifecycle of ${resource.name}` : "No record chosen");
    reveal("record-gone", chosen !== null && !record);
    reveal("record-json", record);
    say("record-json", record ? lines(record) : "");
    const place = at("record-transitions");
    const wanted = JSON.stringify([resource.name, chosen, transitions]);
    if (place.dataset.shown === wanted) return;
    place.dataset.shown = wanted;
    const told = at("record-told");
    const buttons = transitions.map((one) =>
      make("button", { type: "button", onclick: () => this.#fire(chosen, one, told) }, one),
    );
    keepFocus(place, () => place.querySelector("button") || this.title, () => place.replaceChildren(...buttons));
  }
}
