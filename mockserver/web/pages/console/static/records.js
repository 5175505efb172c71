// The records of a resource: listed, found, and moved through their lifecycle.
import { call } from "../shared/client.js";
import { at, make, patch, setText } from "../shared/dom.js";
import { keepFocus } from "./focus.js";
import { showLifecycle } from "./lifecycle.js";
import { on, reveal, say } from "./page.js";
import { RecordPane } from "./record.js";
import { steer } from "./steering.js";
import { brief, count } from "./values.js";

const PAGE = 50;
// Behind key and state: near what they change.
const ACTIONS = 2;
const part = encodeURIComponent;

/** The view of records; `resources` are those that the contract declares. */
export class Records {
  #resources;
  #refresh;
  #pane;
  #resource;
  #version = "";
  #records = [];
  #texts = new WeakMap();
  #page = 0;

  constructor(resources, refresh) {
    this.#resources = resources;
    this.#refresh = refresh;
    if (!resources.length) return;
    this.#pane = new RecordPane((...wanted) => this.#fire(...wanted), (key) => this.#return(key));
    on("resource", "change", () => this.#choose(at("resource").value));
    on("record-filters", "submit", (event) => event.preventDefault());
    for (const id of ["state", "record-text"]) on(id, "input", () => this.#turn(0));
    on("previous", "click", () => this.#turn(this.#page - 1));
    on("next", "click", () => this.#turn(this.#page + 1));
    const first = resources.find((one) => one.field) || resources[0];
    at("resource").value = first.name;
    this.#set(first);
  }

  /** Fetch the records if the run has changed since. */
  async follow(version) {
    if (!this.#resource || version === this.#version) return;
    const { name } = this.#resource;
    const { body } = await call(`/__mock/state?resource=${part(name)}`);
    // Another resource may have been chosen meanwhile.
    if (name !== this.#resource.name) return;
    this.#version = version;
    this.#records = body.records[name];
    this.#show();
  }

  #set(resource) {
    reveal("state-filter", resource.field);
    at("state").replaceChildren(make("option", { value: "" }, "any"), ...resource.states.map((one) => make("option", {}, one)));
    const columns = resource.columns.map((name) => make("th", { scope: "col" }, name));
    if (resource.field) columns.splice(ACTIONS, 0, make("th", { scope: "col" }, "Transitions"));
    at("record-columns").replaceChildren(...columns);
    at("record-rows").replaceChildren();
    say("records-count", "Loading…");
    this.#resource = resource;
    this.#version = "";
    this.#records = [];
    this.#page = 0;
    this.#pane.chosen = null;
  }

  #choose(name) {
    this.#set(this.#resources.find((one) => one.name === name));
    this.#refresh();
  }

  #turn(page) {
    this.#page = page;
    this.#show();
  }

  #found() {
    const state = at("state").value;
    const text = at("record-text").value.trim().toLowerCase();
    const { field } = this.#resource;
    return this.#records.filter(
      (one) => (!state || one[field] === state) && (!text || this.#text(one).includes(text)),
    );
  }

  #text(record) {
    let text = this.#texts.get(record);
    if (text === undefined) this.#texts.set(record, (text = JSON.stringify(record).toLowerCase()));
    return text;
  }

  #show() {
    const found = this.#found();
    const { key } = this.#resource;
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    this.#page = Math.min(this.#page, pages - 1);
    const from = this.#page * PAGE;
    const shown = found.slice(from, from + PAGE).map((record, place) => ({ record, key: key ? record[key] : from + place }));
    keepFocus(at("record-rows"), () => at("records-scroll"), () =>
      patch(at("record-rows"), shown, (one) => one.key, () => this.#row(), (row, one) => this.#update(row, one)),
    );
    const all = this.#records.length;
    say("records-count", found.length === all ? count(all, "record") : `${found.length} of ${count(all, "record")}`);
    reveal("records-empty", found.length === 0);
    say("records-empty", all ? "No record is like that." : "There are no records.");
    reveal("pager", pages !== 1);
    at("previous").disabled = this.#page === 0;
    at("next").disabled = this.#page === pages - 1;
    say("page", `${from + 1}–${from + shown.length} of ${found.length.toLocaleString("en")}`);
    this.#showDetail();
  }

  #row() {
    const { columns, field, key } = this.#resource;
    const cells = columns.map((name) => {
      if (name === key) return make("th", { scope: "row" }, make("button", { type: "button", class: "link" }));
      return make("td", {}, name === field ? make("span", { class: "pill" }) : "");
    });
    if (field) cells.splice(ACTIONS, 0, make("td", { class: "actions" }));
    const row = make("tr", {}, ...cells);
    row.querySelector("th button")?.addEventListener("click", () => this.#open(row));
    return row;
  }

  #update(row, { record, key }) {
    const { columns, field } = this.#resource;
    row.given = key;
    const cells = [...row.children].filter((cell) => cell.className !== "actions");
    columns.forEach((column, place) => setText(cells[place].firstElementChild || cells[place], brief(record[column])));
    row.classList.toggle("chosen", this.#pane.chosen === key);
    if (!field) return;
    const cell = row.querySelector(".actions");
    if (cell.dataset.state === record[field]) return;
    cell.dataset.state = record[field];
    keepFocus(cell, () => cell.querySelector("button") || row.querySelector("th button"), () =>
      cell.replaceChildren(...this.#transitions(record[field]).map((one) =>
        make("button", { type: "button", class: "small", "aria-label": `${one} ${key}`,
          onclick: () => this.#fire(row.given, one, at("records-told")) }, one))),
    );
  }

  #transitions(state) {
    return this.#resource.transitions.filter((one) => one.sources.includes(state)).map((one) => one.name);
  }

  async #fire(key, transition, place) {
    const path = [this.#resource.name, key, transition].map(part).join("/");
    if (await steer(place, "POST", `/__mock/state/${path}`)) this.#refresh();
  }

  #open(row) {
    this.#pane.chosen = row.given;
    at("record-told").replaceChildren();
    this.#show();
    this.#pane.title.focus();
  }

  #return(key) {
    this.#show();
    const row = [...at("record-rows").children].find((one) => one.given === key);
    (row?.querySelector("th button") || at("records-scroll")).focus();
  }

  #showDetail() {
    const { key, field } = this.#resource;
    const { chosen } = this.#pane;
    const record = chosen === null ? null : this.#records.find((one) => one[key] === chosen);
    const counts = new Map();
    if (field) for (const one of this.#records) counts.set(one[field], (counts.get(one[field]) || 0) + 1);
    this.#pane.show(this.#resource, record, record && field ? this.#transitions(record[field]) : []);
    showLifecycle(this.#resource, record ? record[field] : null, counts);
  }
}
