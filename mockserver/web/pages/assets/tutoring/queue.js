// The admin's queue: the list, its filters, and the job beside it.

import { RequestError } from "../shared/client.js";
import { all, byId, patch, setAttribute, setText } from "../shared/dom.js";
import { Polling } from "../shared/polling.js";
import { fetchCounts, fetchJob, fetchNow, fetchPage, PAGE } from "./api.js";
import { makeAttempts } from "./attempts.js";
import { makeProblem, showProblem } from "./controls.js";
import { confirmCancel } from "./dialog.js";
import { announce, keepFocusVisible, setUpPause, showFailure, showLive, showState, timeOfDay } from "./page_state.js";
import { makePanel } from "./panel.js";
import { isFiltered, nextSort, readQuery, writeQuery } from "./query.js";
import { makeRows } from "./rows.js";

const SECONDS = 2;
const TYPING = 200;
const UNSEEN = 1_000;
const CONFLICT = 409;
/** @type {Rules} */
const rules = JSON.parse(byId("queue").dataset.rules);

let query = readQuery(location.search, rules);
/** The page that was loaded last, its address, and the time. @type {?Page} */
let page = null;
let pageAddress = "";
let pageTime = "";
/** @type {?Counts} */
let counts = null;
/** @type {?string} */
let clock = null;
/** @type {?RequestError} */
let failure = null;
let controller = new AbortController();
/** The status last announced of each job that was acted on here. @type {Map<string, string>} */
const announced = new Map();

const polling = new Polling(() => {
  panel.load(); // Not awaited: it may take longer than the list.
  return load();
}, SECONDS, { path: "/admin/jobs/stream", events: rules.events });
const attempts = makeAttempts(() => render());
/** @type {PanelHandlers} */
const on = {
  act,
  repeat: (job) => act(job, attempts.of(job.id)?.action, true),
  dismiss: attempts.dismiss,
  link: (id) => writeQuery({ ...query, job: id }),
  session: (id) => writeQuery({ ...query, statuses: [], type: "", text: id, page: 1 }),
};
const showRows = makeRows(byId("rows"), rules, attempts, on);
const panel = makePanel(byId("side"), rules, attempts, on);

/** The address of the list, whichever job is beside it. */
const listAddress = () => writeQuery({ ...query, job: "" });

async function load() {
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  const [loadedQuery, address] = [query, listAddress()];
  const now = fetchNow(signal).catch(() => null);
  try {
    const loaded = await fetchPage(loadedQuery, rules.statuses, signal);
    if (signal.aborted) return;
    if (loaded.jobs.length === 0 && loaded.total > 0) {
      go({ page: Math.ceil(loaded.total / PAGE) }, true);
      return;
    }
    const isFirst = !page;
    take(loaded, address);
    if (isFirst) await nextFrame();
    counts = await fetchCounts(loadedQuery, rules.statuses, loaded, signal).catch(ignoreRequestError);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof RequestError)) throw error;
    if (!failure) announce("The jobs could not be loaded.");
    failure = error;
  }
  clock = await now;
  if (!signal.aborted) render();
}

/** @param {unknown} error */
function ignoreRequestError(error) {
  if (!(error instanceof RequestError)) throw error;
  return null;
}

/** @param {Page} loaded @param {string} address */
function take(loaded, address) {
  if (failure && page) announce("Updates work again.");
  else if (page && address !== pageAddress) announce(jobCount(loaded.total));
  [page, pageAddress, failure] = [loaded, address, null];
  pageTime = timeOfDay();
  for (const job of loaded.jobs) announceChange(job);
  render();
}

/** Wait until the first rows are on screen (or a second in a hidden page): further requests must not delay them. */
async function nextFrame() {
  await new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, UNSEEN);
  });
  performance.mark("rows-on-screen");
}

/** Announce the new status of a job that was acted on here. @param {Job} job */
function announceChange(job) {
  if ((announced.get(job.id) || job.status) === job.status) return;
  announced.set(job.id, job.status);
  announce(`${job.id}: ${rules.badges[job.status].label}`);
}

/** @param {Pick<Job, "id" | "status">} job @param {Action} [action] */
async function act(job, action, isConfirmed = false) {
  if (!action || attempts.of(job.id)?.isBusy) return;
  if (action === "cancel" && !isConfirmed) {
    const isSure = await confirmCancel(byId("cancel"), /** @type {Job} */ (job), rules.badges[job.status], polling);
    render();
    if (!isSure) return;
  }
  announced.set(job.id, job.status);
  const changed = await attempts.run(job.id, action);
  const problem = attempts.of(job.id)?.problem;
  if (changed) replace(changed);
  else if (problem?.status === CONFLICT) await fetchJob(job.id).then(replace).catch(ignoreRequestError);
  if (problem) announce(`${job.id}: ${problem.message}`);
  render();
  reload();
}

/** Show a job as a response has just had it. @param {Job} job */
function replace(job) {
  controller.abort(); // Its response may be older.
  if (page) page = { ...page, jobs: page.jobs.map((listed) => (listed.id === job.id ? job : listed)) };
  announceChange(job);
  panel.put(job);
}

function reload() {
  controller.abort();
  polling.now();
}

/** Change the query, and the address with or without a step in the history. @param {Partial<Query>} change */
function go(change, isReplaced = false) {
  const before = listAddress();
  query = { ...query, ...change };
  history[isReplaced ? "replaceState" : "pushState"](null, "", writeQuery(query));
  render();
  if (listAddress() !== before || failure) reload();
}

/** @param {string} id */
function openJob(id) {
  go({ job: id });
  panel.open(id, findJob(id));
  panel.load();
  byId("side-title").focus();
}

/** @param {string} id */
const findJob = (id) => page?.jobs.find((job) => job.id === id);

function closeJob() {
  const row = [...byId("rows").rows].find(({ dataset }) => dataset.job === query.job);
  go({ job: "" });
  panel.open("");
  (row?.querySelector("a") || byId("title")).focus();
}

const jobCount = (/** @type {number} */ count) => (count === 1 ? "1 job" : `${format(count)} jobs`);

// Not toLocaleString: loading a locale takes longer than drawing the list.
const format = (/** @type {number} */ value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

function render() {
  keepFocusVisible(draw);
}

function draw() {
  const isCurrent = page !== null && pageAddress === listAddress();
  const shown = failure && !isCurrent ? null : page;
  showRows(shown ? shown.jobs : [], clock, query.job);
  const state = stateOf(isCurrent, shown);
  showState(state);
  byId("jobs").hidden = state !== "";
  setAttribute(byId("list"), "aria-busy", !failure && !isCurrent);
  showFailure(failure, shown !== null, pageTime);
  showLive(polling.isPaused, failure);
  showProblems(shown);
  showFilters();
  showSort();
  showPages(shown ? shown.total : 0);
  panel.render(clock);
  byId("split").classList.toggle("open", query.job !== "");
}

/** @param {boolean} isCurrent @param {?Page} shown */
function stateOf(isCurrent, shown) {
  if (!shown) return failure ? "error" : "loading";
  if (!isCurrent || shown.total > 0) return "";
  return isFiltered(query) ? "nothing" : "empty";
}

/** Show failed attempts on jobs that are not on this page of the list. @param {?Page} shown */
function showProblems(shown) {
  const listed = new Set((shown ? shown.jobs : []).map((job) => job.id));
  patch(
    byId("problems"),
    attempts.failed().filter((id) => !listed.has(id) && id !== query.job),
    (id) => id,
    (id) =>
      makeProblem(
        id,
        () => act({ id, status: announced.get(id) || "" }, attempts.of(id)?.action, true),
        () => attempts.dismiss(id),
      ),
    (element, id) => showProblem(element, attempts.of(id), `${id}: `),
  );
}

function showFilters() {
  for (const chip of all(".chip")) {
    const { status } = chip.dataset;
    setAttribute(chip, "aria-pressed", String(query.statuses.includes(status)));
    setText(chip.querySelector(".count"), counts ? format(counts[status]) : "–");
  }
  byId("type").value = query.type;
  byId("clear").hidden = !isFiltered(query);
}

function showSort() {
  for (const button of all("[data-sort]")) {
    const { sort } = button.dataset;
    const order = query.sort === sort ? "ascending" : query.sort === `-${sort}` ? "descending" : null;
    setAttribute(button.closest("th"), "aria-sort", order);
  }
}

/** @param {number} total */
function showPages(total) {
  const [last, start] = [Math.max(1, Math.ceil(total / PAGE)), (query.page - 1) * PAGE];
  const end = Math.min(start + PAGE, total);
  byId("pages").hidden = total === 0;
  const range = `${format(start + 1)}–${format(end)} of `;
  setText(byId("range"), (total > PAGE ? range : "") + jobCount(total));
  byId("turn").hidden = last === 1;
  setText(byId("page"), `Page ${format(query.page)} of ${format(last)}`);
  /** @type {Record<string, number>} */
  const targets = { first: 1, previous: query.page - 1, next: query.page + 1, last };
  for (const button of all("#turn button")) {
    const target = targets[button.id];
    const isPossible = target >= 1 && target <= last && target !== query.page;
    button.dataset.page = target;
    setAttribute(button, "aria-disabled", !isPossible);
  }
}

function listen() {
  listenTo("statuses", "button", (chip) => {
    const isPressed = (/** @type {string} */ status) =>
      query.statuses.includes(status) !== (status === chip.dataset.status);
    go({ statuses: rules.statuses.filter(isPressed), page: 1 });
  });
  byId("type").addEventListener("change", () => go({ type: byId("type").value, page: 1 }));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const button of all("[data-clear]")) button.addEventListener("click", clear);
  listenTo("jobs", "[data-sort]", ({ dataset }) => go({ sort: nextSort(query.sort, dataset.sort), page: 1 }));
  listenTo("turn", "button:not([aria-disabled])", ({ dataset }) => go({ page: Number(dataset.page) }));
  listenTo("rows", "[data-open]", (link, event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openJob(link.closest("tr").dataset.job);
  });
  byId("side-close").addEventListener("click", closeJob);
  byId("side").addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeJob();
  });
  for (const button of all("[data-reload]")) button.addEventListener("click", reload);
  setUpPause(polling, render);
  addEventListener("popstate", followAddress);
  listenToTyping();
}

/** Handle clicks inside `id` on elements that match `selector`. @type {ListenTo} */
function listenTo(id, selector, handle) {
  byId(id).addEventListener("click", (/** @type {any} */ event) => {
    const element = event.target.closest(selector);
    if (element) handle(element, event);
  });
}

function listenToTyping() {
  let timer = 0;
  let isContinued = false;
  const field = byId("text");
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      go({ text: field.value.trim(), page: 1 }, isContinued); // One step in the history, however much is typed.
      isContinued = true;
    }, TYPING);
  });
  field.addEventListener("blur", () => (isContinued = false));
}

function clear() {
  byId("text").value = "";
  go({ statuses: [], type: "", text: "", page: 1 });
  byId("text").focus();
}

/** Show what the address queries, after the page was opened, or after back or forward. */
function followAddress() {
  query = readQuery(location.search, rules);
  byId("text").value = query.text;
  panel.open(query.job, findJob(query.job));
  reload();
  render();
}

listen();
followAddress();
