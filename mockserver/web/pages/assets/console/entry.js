// One request and its response in full.
import { byId, make } from "../shared/dom.js";
import { violationList } from "./control_api.js";
import { listItems } from "./elements.js";
import { dateAndTime, fullText, timeOfDay } from "./format.js";

/** Show an entry; undefined if the journal no longer has it. @type {ShowEntry} */
export function showEntry(pane, number, entry) {
  pane.selected = number;
  pane.setTitle(entry ? `${entry.method} ${entry.path}` : `Request ${number}`);
  const gone = make("p", "This request is no longer in the journal.");
  byId("entry-content").replaceChildren(...(entry ? entryParts(entry) : [gone]));
}

/** Show that no request is selected. @param {Pane} pane */
export function showNoEntry(pane) {
  pane.selected = null;
  pane.setTitle("No request selected");
  byId("entry-content").replaceChildren(make("p.quiet", "Select a request to see its details."));
}

/** @param {JournalEntry} entry */
function entryParts({ nearest, violations, drift, fired, request, response, ...entry }) {
  const facts = Object.entries({
    Number: entry.number,
    At: entry.at && dateAndTime(entry.at),
    Scenario: entry.scenario,
    Operation: entry.operation || "no match",
    Status: entry.status,
    Duration: `${entry.milliseconds} ms`,
    Override: entry.override,
    Upstream: entry.upstream && "passed on",
    Handler: entry.handler,
    Query: entry.query,
    Note: entry.note,
  }).flatMap(([name, value]) => (value ? [make("dt", name), make("dd", String(value))] : []));
  return [
    make("dl.facts", ...facts),
    ...(nearest ? [section("Nearest operations", nearestList(nearest))] : []),
    ...(violations.length ? [section("Violations", violationList(violations))] : []),
    ...(drift ? [section("Drift: the upstream's response violates the contract", violationList(drift))] : []),
    ...(fired.length ? [section("Transitions fired before this request", firedList(fired))] : []),
    messageSection("Request", request),
    messageSection("Response", response),
  ];
}

/** Operations that nearly matched, and why they did not. @param {NearestOperation[]} operations */
export function nearestList(operations) {
  if (!operations.length) return make("p.quiet", "No operation is similar.");
  return make("ul", ...listItems(operations, ({ method, path, operation, why }) => [
    make("code", `${method} ${path}`), ` ${operation}: ${why}`,
  ]));
}

/** @param {Fired[]} fired */
function firedList(fired) {
  return make("ul", ...listItems(fired, ({ at, resource, key, transition }) => [
    `${timeOfDay(at)} ${resource} ${key} ${transition}`,
  ]));
}

/** @param {string} title @param {...Element} content */
function section(title, ...content) {
  return make("section", make("h4", title), ...content);
}

/** @param {string} title @param {LoggedMessage} message */
function messageSection(title, { headers, body, size }) {
  const lines = Object.entries(headers).map((header) => header.join(": "));
  return section(
    title,
    make("pre", { tabindex: 0, "aria-label": `${title}: headers` }, lines.join("\n")),
    size ? make("pre", { tabindex: 0, "aria-label": `${title}: body` }, fullText(body)) : make("p.quiet", "No body."),
  );
}
