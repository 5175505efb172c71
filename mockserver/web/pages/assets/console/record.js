// One record in full, and the transitions that its state allows.
import { byId, keepFocus, make } from "../shared/dom.js";
import { toggle, write } from "./elements.js";
import { fullText } from "./format.js";

/** Show the selected record, undefined if it no longer exists. @type {ShowRecord} */
export function showRecord(pane, resource, record, transitions, fire) {
  const key = pane.selected;
  pane.setTitle(key !== null ? String(key) : resource.field ? `Lifecycle of ${resource.name}` : "No record selected");
  toggle("record-gone", key !== null && !record);
  toggle("record-json", record);
  write("record-json", record ? fullText(record) : "");
  const place = byId("record-transitions");
  const shown = JSON.stringify([resource.name, key, transitions]);
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  const buttons = transitions.map((name) =>
    make("button", { onclick: () => fire(key, name, "record-status") }, name),
  );
  keepFocus(place, () => place.querySelector("button") || pane.title, () => place.replaceChildren(...buttons));
}
