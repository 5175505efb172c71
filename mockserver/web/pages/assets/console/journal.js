// The journal: requests as they arrive, and the verdict.
import { RequestError, call } from "../shared/client.js";
import { byId, keepFocus, make, patch } from "../shared/dom.js";
import { send } from "./control_api.js";
import { on, toggle, write } from "./elements.js";
import { showEntry, showNoEntry } from "./entry.js";
import { count } from "./format.js";
import { makePane } from "./pane.js";
import { showVerdict, violationEntry } from "./verdict.js";

const PAGE = 100;
const MOST = 1000;

/** @type {MakeView} */
export function makeJournal(refresh) {
  const rows = byId("journal-rows");
  let limit = PAGE;
  let shownGeneration = 0;
  const pane = makePane("entry", (number) => {
    showNoEntry(pane);
    markSelected();
    const row = [...rows.rows].find(({ dataset }) => dataset.key === String(number));
    (row?.querySelector("button") || byId("journal-scroll")).focus();
  });
  on("journal-filters", "submit", () => {});
  on("journal-filters", "change", () => showMost(PAGE));
  on("more", "click", () => showMost(limit + PAGE));
  on("load-verdict", "click", loadVerdict);
  on("clear-journal", "click", () => clear("/__mock/requests"));
  on("clear-violations", "click", () => clear("/__mock/violations"));
  return { update };

  /** @type {View["update"]} */
  async function update(_version, generation) {
    // After a reset the numbers start again, so the selected one may be another request.
    if (shownGeneration && shownGeneration !== generation) showNoEntry(pane);
    shownGeneration = generation;
    const filters = /** @type {any} */ (new FormData(byId("journal-filters")));
    show((await call(`/__mock/requests?${journalQuery(filters, limit)}`)).body);
    showViolations((await call("/__mock/violations")).body.violations);
  }

  /** @param {number} number */
  function showMost(number) {
    limit = Math.min(MOST, number);
    refresh();
  }

  /** @param {JournalPage} page */
  function show({ requests, total, seen }) {
    keepFocus(rows, () => byId("journal-scroll"), () =>
      patch(rows, requests, ({ number }) => number, (entry) => makeRow(entry, () => open(entry.number)), () => {}),
    );
    markSelected();
    const all = count(seen, "request");
    write("journal-count", total === seen ? all : `${total.toLocaleString("en")} of ${all}`);
    toggle("journal-empty", !requests.length);
    write("journal-empty", seen ? "No request in the journal matches the filters." : "No requests yet.");
    toggle("more", requests.length < total);
  }

  /** @param {number} number */
  async function open(number) {
    const response = await send("journal-status", "GET", `/__mock/requests?number=${number}`);
    if (!response) return;
    showEntry(pane, number, response.body.requests[0]);
    markSelected();
    pane.title.focus();
  }

  function markSelected() {
    for (const row of rows.rows) row.classList.toggle("chosen", row.dataset.key === String(pane.selected));
  }

  /** @param {string} path */
  async function clear(path) {
    if (!(await send("journal-status", "DELETE", path))) return;
    toggle("verdict", false);
    refresh();
  }
}

/** The query that lists `limit` entries. @type {JournalQuery} */
export function journalQuery(filters, limit) {
  const query = new URLSearchParams({ brief: "true", limit: String(limit) });
  for (const [name, value] of filters) if (value) query.set(name, value);
  return String(query);
}

/** @param {JournalEntry} entry @param {() => void} onclick */
function makeRow({ method, path, query, status, operation, nearest, violations, override, handler, upstream, drift, fired }, onclick) {
  const text = `${method} ${path}${query ? `?${query}` : ""}`;
  return make(
    "tr",
    make("th", { scope: "row" }, make("button.link.mono", { onclick }, text)),
    make("td", make(`span.pill.${toneOf(status)}`, String(status))),
    make("td", make("div.row",
      nearest ? make("span.pill.warning", "unmatched") : null,
      violations.length ? make("span.pill.danger", count(violations.length, "violation")) : null,
      upstream ? make("span.pill.info", "upstream") : null,
      drift ? make("span.pill.danger", `drift: ${count(drift.length, "violation")}`) : null,
      override ? make("span.pill.info", override) : null,
      handler ? make("span.pill", handler) : null,
      fired.length ? make("span.pill", `${fired.length} fired`) : null,
    )),
    make("td.mono", operation || make("span.quiet", "–")),
  );
}

/** The style of a status. @param {number} status */
export function toneOf(status) {
  return status >= 500 ? "danger" : status >= 400 ? "warning" : status >= 300 ? "neutral" : "success";
}

async function loadVerdict() {
  try {
    showVerdict((await call("/__mock/verdict")).body);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    showVerdict(error.problem);
  }
}

/** @param {ViolationEntry[]} entries */
function showViolations(entries) {
  const makeItem = (/** @type {ViolationEntry} */ entry) => make("li", ...violationEntry(entry));
  patch(byId("violations"), entries.slice(-PAGE), ({ number }) => number, makeItem, () => {});
  toggle("violations-section", entries.length);
}
