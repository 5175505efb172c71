// The records of a resource: listed, filtered, and moved through their lifecycle.
import { call } from "../shared/client.js";
import { all, byId, keepFocus, make, patch, setText } from "../shared/dom.js";
import { send } from "./control_api.js";
import { on, toggle, write } from "./elements.js";
import { cellText, count } from "./format.js";
import { showLifecycle } from "./lifecycle.js";
import { makePane } from "./pane.js";
import { showRecord } from "./record.js";

const PAGE = 50;
const TRANSITIONS = 2; // The index of this column: after key and state.
const encode = encodeURIComponent;

/** @type {MakeRecords} */
export function makeRecords(resources, refresh) {
  let resource = resources.find(({ field }) => field) || resources[0];
  if (!resource) return { update: async () => {} };
  const rows = byId("record-rows");
  const pane = makePane("record", close);
  let shownVersion = "";
  /** @type {StoredRecord[]} */
  let records = [];
  let page = 0;
  on("resource", "change", () => {
    setResource(/** @type {any} */ (resources.find(({ name }) => name === byId("resource").value)));
    refresh();
  });
  on("state", "input", () => turnTo(0));
  on("record-text", "input", () => turnTo(0));
  on("previous", "click", () => turnTo(page - 1));
  on("next", "click", () => turnTo(page + 1));
  byId("resource").value = resource.name;
  setResource(resource);
  return { update };

  /** @param {string} version */
  async function update(version) {
    if (version === shownVersion) return;
    const { name } = resource;
    const { body } = await call(`/__mock/state?resource=${encode(name)}`);
    if (name !== resource.name) return; // Another resource was selected meanwhile.
    shownVersion = version;
    records = body.records[name];
    show();
  }

  /** @param {Resource} selected */
  function setResource(selected) {
    resource = selected;
    toggle("state-filter", resource.field);
    const states = resource.states.map((state) => make("option", state));
    byId("state").replaceChildren(make("option", { value: "" }, "any"), ...states);
    const columns = resource.columns.map((name) => make("th", { scope: "col" }, name));
    if (resource.field) columns.splice(TRANSITIONS, 0, make("th", { scope: "col" }, "Transitions"));
    byId("record-columns").replaceChildren(...columns);
    rows.replaceChildren();
    write("records-count", "Loading…");
    shownVersion = "";
    records = [];
    page = 0;
    pane.selected = null;
  }

  /** @param {number} target */
  function turnTo(target) {
    page = target;
    show();
  }

  function show() {
    const { key } = resource;
    const matching = matchingRecords(records, resource.field, byId("state").value, byId("record-text").value);
    const last = Math.max(0, Math.ceil(matching.length / PAGE) - 1);
    page = Math.min(page, last);
    const start = page * PAGE;
    const shown = matching.slice(start, start + PAGE);
    const items = shown.map((record, index) => ({ record, key: key ? record[key] : start + index }));
    keepFocus(rows, () => byId("records-scroll"), () => patch(rows, items, (item) => item.key, makeRow, updateRow));
    const total = count(records.length, "record");
    write("records-count", matching.length === records.length ? total : `${matching.length} of ${total}`);
    toggle("records-empty", !matching.length);
    write("records-empty", records.length ? "No record matches the filters." : "There are no records.");
    toggle("pager", last);
    byId("previous").disabled = page === 0;
    byId("next").disabled = page === last;
    write("page", `${start + 1}–${start + items.length} of ${matching.length.toLocaleString("en")}`);
    showPane();
  }

  function makeRow() {
    const { columns, field, key } = resource;
    const cells = columns.map((name) => {
      const onclick = () => select(row.recordKey);
      if (name === key) return make("th", { scope: "row" }, make("button.link", { onclick }));
      return make("td", name === field ? make("span.pill") : "");
    });
    if (field) cells.splice(TRANSITIONS, 0, make("td.actions"));
    /** @type {RecordRow} */
    const row = make("tr", ...cells);
    return row;
  }

  /** @type {UpdateRecordRow} */
  function updateRow(row, { record, key }) {
    const { columns, field } = resource;
    row.recordKey = key;
    const cells = [...row.cells].filter(({ className }) => className !== "actions");
    columns.forEach((name, index) => setText(cells[index].firstElementChild || cells[index], cellText(record[name])));
    row.classList.toggle("chosen", pane.selected === key);
    if (!field) return;
    const cell = row.cells[TRANSITIONS];
    if (cell.dataset.state === record[field]) return;
    cell.dataset.state = record[field];
    const buttons = allowedTransitions(resource, record[field]).map((name) =>
      make("button.small", { "aria-label": `${name} ${key}`, onclick: () => fire(key, name, "records-status") }, name),
    );
    const fallback = () => cell.querySelector("button") || row.querySelector("th button");
    keepFocus(cell, fallback, () => cell.replaceChildren(...buttons));
  }

  /** @type {Fire} */
  async function fire(key, transition, errorId) {
    const path = [resource.name, key, transition].map(encode).join("/");
    if (await send(errorId, "POST", `/__mock/state/${path}`)) refresh();
  }

  /** @param {any} key */
  function select(key) {
    pane.selected = key;
    byId("record-status").replaceChildren();
    show();
    pane.title.focus();
  }

  /** @param {any} key */
  function close(key) {
    show();
    const row = all("#record-rows > *").find(({ recordKey }) => recordKey === key);
    (row?.querySelector("th button") || byId("records-scroll")).focus();
  }

  function showPane() {
    const { key, field } = resource;
    const record = records.find((candidate) => pane.selected !== null && candidate[key] === pane.selected);
    const state = record && field ? record[field] : null;
    showRecord(pane, resource, record, state === null ? [] : allowedTransitions(resource, state), fire);
    const counts = new Map();
    if (field) for (const { [field]: each } of records) counts.set(each, (counts.get(each) || 0) + 1);
    showLifecycle(resource, state, counts);
  }
}

/** @type {WeakMap<StoredRecord, string>} */
const texts = new WeakMap();

/** The records in `state`, if not empty, that contain `text`. @type {MatchingRecords} */
export function matchingRecords(records, field, state, text) {
  const wanted = text.trim().toLowerCase();
  const includes = (/** @type {StoredRecord} */ record) => {
    if (!texts.has(record)) texts.set(record, JSON.stringify(record).toLowerCase());
    return texts.get(record)?.includes(wanted);
  };
  return records.filter((record) => (!state || record[field || ""] === state) && (!wanted || includes(record)));
}

/** The names of the transitions from a state. @param {Resource} resource @param {string} state */
export function allowedTransitions({ transitions }, state) {
  return transitions.filter(({ sources }) => sources.includes(state)).map(({ name }) => name);
}
