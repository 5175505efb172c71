// The verdict on a test.
import { byId, make } from "../shared/dom.js";
import { violationList } from "./control_api.js";
import { listItems } from "./elements.js";
import { nearestList } from "./entry.js";
import { count } from "./format.js";

const SHOWN = 20;

/** Show whether the test passed, or the reasons why not. @param {Verdict} verdict */
export function showVerdict(verdict) {
  const place = byId("verdict");
  const { tone, title, text } = verdictText(verdict);
  place.replaceChildren(
    make("p", make(`span.pill.${tone}`, title), ` ${text}`),
    ...group("Unmatched requests", verdict.unmatched, ({ method, path, nearest = [] }) => [
      make("code", `${method} ${path}`), nearestList(nearest),
    ]),
    ...group("Refused requests", verdict.refused, ({ code = "", ...entry }) => [
      make("code", code), " ", ...violationEntry(entry),
    ]),
    ...group("Violations", verdict.violations, violationEntry),
    ...group("Unused overrides", verdict.unused_overrides, ({ scenario, closest, ...override }) => [
      make("code", JSON.stringify(override)), ` in ${scenario}`,
    ]),
  );
  place.hidden = false;
  place.focus();
}

/** @param {Verdict} verdict */
export function verdictText({ verdict, code, requests = 0, detail, title }) {
  if (verdict === "passed") return { tone: "success", title: "Passed", text: count(requests, "request") };
  const text = detail || title || "The server cannot be reached.";
  return { tone: "danger", title: code === "verdict-failed" ? "Failed" : "No verdict", text };
}

/** A response with violations. @param {ViolationEntry} entry */
export function violationEntry({ method, path, status, violations }) {
  return [make("code", `${method} ${path}`), ` ${status}`, violationList(violations)];
}

/** @type {VerdictGroup} */
function group(title, values, content) {
  return values?.length ? [make("h3", title), make("ul", ...listItems(values, content, SHOWN))] : [];
}
