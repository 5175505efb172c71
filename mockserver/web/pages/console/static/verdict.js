// The verdict, as the server gives it.
import { make } from "../shared/dom.js";
import { nearest } from "./entry.js";
import { violationList } from "./steering.js";
import { count } from "./values.js";

const SHOWN = 20;

/** Show in `place` what the verdict says: passed, or what speaks against it. */
export function showVerdict(place, said) {
  const passed = said.verdict === "passed";
  const tone = passed ? "success" : "danger";
  const title = passed ? "Passed" : said.code === "verdict-failed" ? "Failed" : "No verdict";
  const text = passed ? count(said.requests, "request") : said.detail || said.title || "The server cannot be reached.";
  place.replaceChildren(
    make("p", {}, make("span", { class: `pill ${tone}` }, title), ` ${text}`),
    ...group("Unmatched", said.unmatched, (one) => [make("code", {}, `${one.method} ${one.path}`), nearest(one.nearest)]),
    ...group("Violations", said.violations, breach),
    ...group("Overrides never used", said.unused_overrides, ({ scenario, ...one }) => [
      make("code", {}, JSON.stringify(one)), ` in ${scenario}`,
    ]),
  );
  place.hidden = false;
}

/** What an answer was that broke the contract, and where it did. */
export function breach(one) {
  return [make("code", {}, `${one.method} ${one.path}`), ` ${one.status}`, violationList(one.violations)];
}

function group(title, items, content) {
  if (!items || !items.length) return [];
  const shown = items.slice(0, SHOWN).map((one) => make("li", {}, ...content(one)));
  if (items.length > SHOWN) shown.push(make("li", { class: "quiet" }, `and ${count(items.length - SHOWN, "other")}`));
  return [make("h3", {}, title), make("ul", {}, ...shown)];
}
