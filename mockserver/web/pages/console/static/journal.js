// The journal: requests as they come in, found by what became of them, and the verdict over all.
import { Refused, call } from "../shared/client.js";
import { make, patch, setText } from "../shared/dom.js";
import { EntryDetail } from "./entry.js";
import { keepFocus } from "./focus.js";
import { steer, violationList } from "./steering.js";
import { showVerdict } from "./verdict.js";
import { count } from "./values.js";

const PAGE = 100;
const MOST = 1000;
const at = (id) => document.getElementById(id);

/** The view of the journal. */
export class Journal {
  #refresh;
  #detail;
  #limit = PAGE;
  #generation = 0;

  constructor(refresh) {
    this.#refresh = refresh;
    this.#detail = new EntryDetail(() => this.#close());
    at("journal-filters").addEventListener("submit", (event) => event.preventDefault());
    for (const id of ["journal-operation", "journal-status", "journal-unmatched"]) {
      at(id).addEventListener("change", () => {
        this.#limit = PAGE;
        refresh();
      });
    }
    at("more").addEventListener("click", () => {
      this.#limit = Math.min(MOST, this.#limit + PAGE);
      refresh();
    });
    at("judge").addEventListener("click", () => this.#judge());
    at("clear-journal").addEventListener("click", () => this.#clear("/__mock/requests"));
    at("clear-violations").addEventListener("click", () => this.#clear("/__mock/violations"));
  }

  /** Fetch what there is now. */
  async follow(_, generation) {
    if (generation !== this.#generation) {
      // After a reset the numbers begin anew, so what was chosen may now be another.
      if (this.#generation) this.#detail.clear();
      this.#generation = generation;
    }
    this.#show((await call(`/__mock/requests?${this.#query()}`)).body);
    this.#showBreaches((await call("/__mock/violations")).body.violations);
  }

  #query() {
    const query = new URLSearchParams({ brief: "true", limit: String(this.#limit) });
    if (at("journal-operation").value) query.set("operation", at("journal-operation").value);
    if (at("journal-status").value) query.set("status", at("journal-status").value);
    if (at("journal-unmatched").checked) query.set("unmatched", "true");
    return query;
  }

  #show({ requests, total, seen }) {
    keepFocus(at("journal-rows"), () => at("journal-scroll"), () =>
      patch(at("journal-rows"), requests, (one) => one.number, (one) => this.#row(one), (row, one) => this.#update(row, one)),
    );
    setText(at("journal-count"), total === seen ? count(seen, "request") : `${total.toLocaleString("en")} of ${count(seen, "request")}`);
    at("journal-empty").hidden = requests.length > 0;
    setText(at("journal-empty"), seen ? "No request that is kept is like that." : "No requests yet.");
    at("more").hidden = requests.length >= total;
  }

  #row(one) {
    const address = one.path + (one.query ? `?${one.query}` : "");
    const open = make("button", { type: "button", class: "link mono", onclick: () => this.#open(one.number) }, `${one.method} ${address}`);
    const notes = [
      "nearest" in one ? make("span", { class: "pill warning" }, "unmatched") : null,
      one.violations.length ? make("span", { class: "pill danger" }, count(one.violations.length, "violation")) : null,
      one.override ? make("span", { class: "pill info" }, one.override) : null,
      one.fired.length ? make("span", { class: "pill" }, `${one.fired.length} fired`) : null,
    ];
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, open),
      make("td", {}, make("span", { class: `pill ${toneOf(one.status)}` }, String(one.status))),
      make("td", { class: "mono" }, one.operation || make("span", { class: "quiet" }, "–")),
      make("td", {}, make("div", { class: "row" }, ...notes)),
    );
  }

  #update(row, one) {
    row.classList.toggle("chosen", this.#detail.number === one.number);
  }

  async #open(number) {
    const answer = await steer(at("journal-told"), "GET", `/__mock/requests?number=${number}`);
    if (!answer) return;
    this.#detail.show(number, answer.body.requests[0]);
    this.#mark();
    at("entry-title").focus();
  }

  #close() {
    const row = [...at("journal-rows").children].find((one) => Number(one.dataset.key) === this.#detail.number);
    this.#detail.clear();
    this.#mark();
    (row?.querySelector("button") || at("journal-scroll")).focus();
  }

  #mark() {
    for (const row of at("journal-rows").children) row.classList.toggle("chosen", Number(row.dataset.key) === this.#detail.number);
  }

  async #clear(path) {
    if (!(await steer(at("journal-told"), "DELETE", path))) return;
    at("verdict").hidden = true;
    this.#refresh();
  }

  async #judge() {
    try {
      showVerdict(at("verdict"), (await call("/__mock/verdict")).body);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      showVerdict(at("verdict"), error.problem);
    }
    at("verdict").focus();
  }

  #showBreaches(breaches) {
    const shown = breaches.slice(-PAGE);
    patch(at("breaches"), shown.length ? shown : [null], (one) => (one ? one.number : "none"), breachItem, () => {});
    at("clear-violations").hidden = !breaches.length;
  }
}

function breachItem(one) {
  if (!one) return make("li", { class: "quiet" }, "None.");
  const what = `${one.method} ${one.path}`;
  return make("li", {}, make("p", {}, make("code", {}, what), ` ${one.status} ${one.operation || ""}`), violationList(one.violations));
}

function toneOf(status) {
  return { 2: "success", 4: "warning", 5: "danger" }[Math.floor(status / 100)] || "";
}
