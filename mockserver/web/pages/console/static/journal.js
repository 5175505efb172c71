// The journal: requests as they come in, found by what became of them, and the verdict over all.
import { Refused, call } from "../shared/client.js";
import { at, make, patch } from "../shared/dom.js";
import { EntryPane } from "./entry.js";
import { keepFocus } from "./focus.js";
import { on, reveal, say } from "./page.js";
import { steer } from "./steering.js";
import { breach, showVerdict } from "./verdict.js";
import { count } from "./values.js";

const PAGE = 100;
const MOST = 1000;

/** The view of the journal. */
export class Journal {
  #refresh;
  #pane;
  #limit = PAGE;
  #generation = 0;

  constructor(refresh) {
    this.#refresh = refresh;
    this.#pane = new EntryPane((number) => this.#return(number));
    on("journal-filters", "submit", (event) => event.preventDefault());
    for (const id of ["journal-operation", "journal-status", "journal-unmatched"]) {
      on(id, "change", () => {
        this.#limit = PAGE;
        refresh();
      });
    }
    on("more", "click", () => {
      this.#limit = Math.min(MOST, this.#limit + PAGE);
      refresh();
    });
    on("judge", "click", () => this.#judge());
    on("clear-journal", "click", () => this.#clear("/__mock/requests"));
    on("clear-violations", "click", () => this.#clear("/__mock/violations"));
  }

  /** Fetch what there is now. */
  async follow(_, generation) {
    if (generation !== this.#generation) {
      // After a reset the numbers begin anew, so what was chosen may now be another.
      if (this.#generation) this.#pane.clear();
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
      patch(at("journal-rows"), requests, (one) => one.number, (one) => this.#row(one), () => {}),
    );
    this.#mark();
    say("journal-count", total === seen ? count(seen, "request") : `${total.toLocaleString("en")} of ${count(seen, "request")}`);
    reveal("journal-empty", requests.length === 0);
    say("journal-empty", seen ? "No request that is kept is like that." : "No requests yet.");
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

  async #open(number) {
    const answer = await steer(at("journal-told"), "GET", `/__mock/requests?number=${number}`);
    if (!answer) return;
    this.#pane.show(number, answer.body.requests[0]);
    this.#mark();
    this.#pane.title.focus();
  }

  #return(number) {
    this.#pane.clear();
    this.#mark();
    (at("journal-rows").querySelector(`[data-key="${number}"] button`) || at("journal-scroll")).focus();
  }

  #mark() {
    for (const row of at("journal-rows").children) row.classList.toggle("chosen", row.dataset.key === String(this.#pane.chosen));
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
    patch(at("breaches"), shown, (one) => one.number, (one) => make("li", {}, ...breach(one)), () => {});
    reveal("broken", breaches.length);
  }
}

function toneOf(status) {
  return { 2: "success", 4: "warning", 5: "danger" }[Math.floor(status / 100)] || "";
}
