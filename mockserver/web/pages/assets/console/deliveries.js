// The deliveries of webhooks: what was sent, and what became of it.
import { call } from "../shared/client.js";
import { byId, keepFocus, make, patch, setText } from "../shared/dom.js";
import { send } from "./control_api.js";
import { on, toggle, write } from "./elements.js";
import { cellText, dateAndTime, timeOfDay } from "./format.js";

const SHOWN = 100;
const TONES = { pending: "info", delivered: "success", failed: "danger", cancelled: "neutral" };

/** @type {MakeView} */
export function makeDeliveries(refresh) {
  const rows = byId("delivery-rows");
  on("delivery-filters", "submit", () => {});
  on("delivery-filters", "change", refresh);
  on("clear-deliveries", "click", clear);
  return { update };

  async function update() {
    const filters = [.../** @type {any} */ (new FormData(byId("delivery-filters")))].filter(([, value]) => value);
    /** @type {{deliveries: Delivery[], total: number}} */
    const { deliveries, total } = (await call(`/__mock/deliveries?${new URLSearchParams(filters)}`)).body;
    // Newest first, as in the journal.
    const shown = deliveries.slice(-SHOWN).reverse();
    keepFocus(rows, () => byId("deliveries-scroll"), () => patch(rows, shown, ({ id }) => id, makeRow, updateRow));
    write("deliveries-count", deliveriesText(shown.length, total));
    toggle("deliveries-empty", !shown.length);
    write("deliveries-empty", filters.length ? "No delivery matches the filters." : "No deliveries yet.");
  }

  async function clear() {
    if (await send("deliveries-status", "DELETE", "/__mock/deliveries")) refresh();
  }
}

/** How many there are, and how many of them are shown. @param {number} shown @param {number} total */
export function deliveriesText(shown, total) {
  const all = `${total.toLocaleString("en")} ${total === 1 ? "delivery" : "deliveries"}`;
  return shown < total ? `The latest ${shown} of ${all}` : all;
}

/** One line for each attempt: when, by the run's clock, and the status or the error. @param {Delivery} delivery */
export function attemptLines({ attempts }) {
  return attempts.map(({ at, status, error }) => `${timeOfDay(at)} ${status ?? error}`);
}

/** @param {Delivery} delivery */
function makeRow({ id, webhook, resource, event, key, url }) {
  return make(
    "tr",
    make("th.mono", { scope: "row", title: id }, webhook),
    make("td.mono", resource === null ? event : `${resource}.${event}`),
    make("td.mono", cellText(key)),
    make("td.wrap.mono", url),
    make("td", make("span.pill")),
    make("td.wrap"),
    make("td"),
  );
}

/** @param {HTMLTableRowElement} row @param {Delivery} delivery */
function updateRow({ cells }, delivery) {
  const { status, next_attempt: next } = delivery;
  const pill = /** @type {Element} */ (cells[4].firstElementChild);
  pill.className = `pill ${TONES[status]}`;
  setText(pill, status);
  const lines = attemptLines(delivery);
  if (cells[5].childElementCount !== lines.length) cells[5].replaceChildren(...lines.map((line) => make("div", line)));
  setText(cells[6], next ? dateAndTime(next) : "–");
}
