// One request and its answer in full.
import { at, make } from "../shared/dom.js";
import { Pane } from "./pane.js";
import { violationList } from "./steering.js";
import { instant, lines, time } from "./values.js";

/** The pane of the journal. */
export class EntryPane extends Pane {
  constructor(closed) {
    super("entry", closed);
  }

  /** Show an entry; of one that is no longer kept, that. */
  show(number, entry) {
    this.chosen = number;
    this.head(entry ? `${entry.method} ${entry.path}` : `Request ${number}`);
    at("entry-content").replaceChildren(...(entry ? parts(entry) : [make("p", {}, "It is no longer kept.")]));
  }

  /** Show none. */
  clear() {
    this.chosen = null;
    this.head("No request chosen");
    at("entry-content").replaceChildren(make("p", { class: "quiet" }, "Choose a request to see it and its answer in full."));
  }
}

function parts(entry) {
  return [
    facts([
      ["Number", entry.number],
      ["At", entry.at && instant(entry.at)],
      ["Scenario", entry.scenario],
      ["Operation", entry.operation || "none matched"],
      ["Status", entry.status],
      ["Made in", `${entry.milliseconds} ms`],
      ["Override", entry.override],
      ["Query", entry.query],
      ["Note", entry.note],
    ]),
    entry.nearest ? section("Nearest operations", nearest(entry.nearest)) : null,
    entry.violations.length ? section("Violations", violationList(entry.violations)) : null,
    entry.fired.length ? section("Fired since the request before", fired(entry.fired)) : null,
    message("Request", entry.request),
    message("Answer", entry.response),
  ].filter(Boolean);
}

/** What a list of near misses says: which operation, and why it did not match. */
export function nearest(operations) {
  if (!operations.length) return make("p", { class: "quiet" }, "None comes near.");
  return make("ul", {}, ...operations.map((one) =>
    make("li", {}, make("code", {}, `${one.method} ${one.path}`), ` ${one.operation}: ${one.why}`)));
}

function fired(transitions) {
  return make("ul", {}, ...transitions.map((one) => make("li", {}, `${time(one.at)} ${one.resource} ${one.key} ${one.transition}`)));
}

function facts(pairs) {
  const given = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return make("dl", { class: "facts" }, ...given.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
}

function section(title, ...content) {
  return make("section", {}, make("h4", {}, title), ...content);
}

function message(title, { headers, body, size }) {
  const text = Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  return section(
    title,
    make("pre", { tabindex: "0", "aria-label": `${title}: headers` }, text),
    size ? make("pre", { tabindex: "0", "aria-label": `${title}: body` }, lines(body)) : make("p", { class: "quiet" }, "No body."),
  );
}
