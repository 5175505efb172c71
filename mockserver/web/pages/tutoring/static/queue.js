// The admin's queue: the list, its filters, and the job beside it.

import { Refused } from "../shared/client.js";
import { patch, setAttribute, setText } from "../shared/dom.js";
import { Polling } from "../shared/polling.js";
import { isFiltered, read, turned, write } from "./address.js";
import { Attempts } from "./attempts.js";
import { makeProblem, showProblem } from "./controls.js";
import { confirmCancel } from "./dialog.js";
import { count, list, now, one, PAGE } from "./jobs.js";
import { Panel } from "./panel.js";
import { Rows } from "./rows.js";
import { keepingFocus, listenToPause, showFailure, showLive, showState, tell, timeOfDay } from "./states.js";

const SECONDS = 2;
const TYPING = 200;
const UNSEEN = 1_000;
const CONFLICT = 409;
const byId = (id) => document.getElementById(id);
const rules = JSON.parse(byId("queue").dataset.rules);

let query = read(location.search, rules);
let answer = null; // The last good one, and what it answers.
let answered = "";
let answeredAt = "";
let counts = null;
let clock = null;
let failure = null;
let controller = new AbortController();
const own = new Map(); // The jobs that were acted on here, in the status that was last told of.

const polling = new Polling(() => {
  panel.load(); // Not waited for: it may take longer than the list.
  return load();
}, SECONDS);
const attempts = new Attempts(() => render());
const on = { act, dismiss: (id) => attempts.dismiss(id), link: (id) => write({ ...query, job: id }) };
const rows = new Rows(byId("rows"), rules, attempts, on);
const panel = new Panel(byId("side"), rules, attempts, {
  ...on,
  session: (id) => write({ ...query, statuses: [], type: "", text: id, page: 1 }),
});

const asked = () => write({ ...query, job: "" });

async function load() {
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  const [wanted, key] = [query, asked()];
  const time = now(signal).catch(() => null);
  try {
    const found = await list(wanted, rules.statuses, signal);
    if (signal.aborted) return;
    if (found.jobs.length === 0 && found.total > 0) {
      go({ page: Math.ceil(found.total / PAGE) }, true);
      return;
    }
    const first = !answer;
    take(found, key);
    if (first) await onScreen();
    counts = await count(wanted, rules.statuses, found, signal).catch(ignoreRefusal);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refused)) throw error;
    if (!failure) tell("The jobs could not be loaded.");
    failure = error;
  }
  clock = await time;
  if (!signal.aborted) render();
}

function ignoreRefusal(error) {
  if (!(error instanceof Refused)) throw error;
  return null;
}

function take(found, key) {
  if (failure && answer) tell("Updates work again.");
  else if (answer && key !== answered) tell(jobsOf(found.total));
  [answer, answered, failure] = [found, key, null];
  answeredAt = timeOfDay();
  for (const job of found.jobs) notice(job);
  render();
}

/** Wait until the first rows are on screen (in a hidden page, not for ever): whatever else is asked for comes later. */
async function onScreen() {
  await new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, UNSEEN);
  });
  performance.mark("rows-on-screen");
}

/** Tell of a job that was acted on here, once it is in another status. */
function notice(job) {
  if (!own.has(job.id) || own.get(job.id) === job.status) return;
  own.set(job.id, job.status);
  tell(`${job.id}: ${rules.badges[job.status].label}`);
}

async function act(job, action, confirmed = false) {
  if (attempts.of(job.id)?.busy) return;
  if (action === "cancel" && !confirmed) {
    const sure = await confirmCancel(byId("cancel"), job, rules.badges[job.status], () => polling.hold());
    render();
    if (!sure) return;
  }
  own.set(job.id, job.status);
  const done = await attempts.run(job.id, action);
  const { problem } = attempts.of(job.id) || {};
  if (done) {
    replace(done);
    tell(`${done.id}: ${rules.badges[done.status].label}`);
  } else if (problem?.status === CONFLICT) {
    await one(job.id).then(replace).catch(ignoreRefusal);
  }
  if (problem) tell(`${job.id}: ${problem.message}`);
  render();
  reload();
}

/** Show a job as the server has just answered it. */
function replace(job) {
  controller.abort(); // What is under way was asked before.
  if (answer) answer = { ...answer, jobs: answer.jobs.map((known) => (known.id === job.id ? job : known)) };
  own.set(job.id, job.status);
  panel.put(job);
}

function reload() {
  controller.abort();
  polling.now();
}

/** Go to another address of this page; `replaced` where it takes the place of this one in the history. */
function go(change, replaced = false) {
  const before = asked();
  query = { ...query, ...change };
  history[replaced ? "replaceState" : "pushState"](null, "", write(query));
  render();
  if (asked() !== before || failure) reload();
}

function openJob(id) {
  go({ job: id });
  panel.open(id, answer?.jobs.find((job) => job.id === id));
  panel.load();
  byId("side-title").focus();
}

function closeJob() {
  const link = [...byId("rows").rows].find((row) => row.job?.id === query.job)?.querySelector("a");
  go({ job: "" });
  panel.open("");
  (link || byId("title")).focus();
}

const jobsOf = (count) => (count === 1 ? "1 job" : `${number(count)} jobs`);

// Not toLocaleString: loading a locale takes longer than drawing the list.
const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

function render() {
  keepingFocus(draw);
}

function draw() {
  const current = answer !== null && answered === asked();
  const shown = failure && !current ? null : answer;
  rows.show(shown ? shown.jobs : [], clock, query.job);
  const state = stateOf(current, shown);
  showState(state);
  byId("jobs").hidden = state !== "";
  setAttribute(byId("list"), "aria-busy", !failure && !current ? "true" : null);
  showFailure(failure, shown, answeredAt);
  showLive(polling.paused, failure);
  showOthers(shown);
  showFilters();
  showSort();
  showPages(shown);
  panel.render(clock);
  byId("split").classList.toggle("open", query.job !== "");
}

function stateOf(current, shown) {
  if (!shown) return failure ? "error" : "loading";
  if (!current || answer.total > 0) return "";
  return isFiltered(query) ? "nothing" : "empty";
}

/** What went wrong with jobs that are not on this page of the list. */
function showOthers(shown) {
  const listed = new Set((shown ? shown.jobs : []).map((job) => job.id));
  patch(
    byId("problems"),
    attempts.failed.filter((id) => !listed.has(id) && id !== query.job),
    (id) => id,
    (id) =>
      makeProblem(id, {
        again: () => act({ id, status: own.get(id) }, attempts.of(id).action, true),
        dismiss: () => attempts.dismiss(id),
      }),
    (element, id) => showProblem(element, attempts.of(id), `${id}: `),
  );
}

function showFilters() {
  for (const chip of byId("statuses").children) {
    const { status } = chip.dataset;
    setAttribute(chip, "aria-pressed", String(query.statuses.includes(status)));
    setText(chip.querySelector(".count"), counts ? number(counts[status]) : "–");
  }
  byId("type").value = query.type;
  byId("clear").hidden = !isFiltered(query);
}

function showSort() {
  for (const button of document.querySelectorAll("[data-sort]")) {
    const { sort } = button.dataset;
    const order = query.sort === sort ? "ascending" : query.sort === `-${sort}` ? "descending" : null;
    setAttribute(button.closest("th"), "aria-sort", order);
  }
}

function showPages(shown) {
  const total = shown ? shown.total : 0;
  const [last, from] = [Math.max(1, Math.ceil(total / PAGE)), (query.page - 1) * PAGE];
  const to = Math.min(from + PAGE, total);
  byId("pages").hidden = total === 0;
  const range = `${number(from + 1)}–${number(to)} of `;
  setText(byId("range"), (total > PAGE ? range : "") + jobsOf(total));
  byId("turn").hidden = last === 1;
  setText(byId("page"), `Page ${number(query.page)} of ${number(last)}`);
  const targets = { first: 1, previous: query.page - 1, next: query.page + 1, last };
  for (const [name, page] of Object.entries(targets)) {
    const possible = page >= 1 && page <= last && page !== query.page;
    byId(name).dataset.page = page;
    setAttribute(byId(name), "aria-disabled", possible ? null : "true");
  }
}

function listen() {
  byId("statuses").addEventListener("click", (event) => {
    const chip = event.target.closest("button");
    if (!chip) return;
    const pressed = (status) => query.statuses.includes(status) !== (status === chip.dataset.status);
    go({ statuses: rules.statuses.filter(pressed), page: 1 });
  });
  byId("type").addEventListener("change", (event) => go({ type: event.target.value, page: 1 }));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const button of document.querySelectorAll("[data-clear]")) button.addEventListener("click", clear);
  byId("jobs").tHead.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sort]");
    if (button) go({ sort: turned(query.sort, button.dataset.sort), page: 1 });
  });
  byId("turn").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && !button.getAttribute("aria-disabled")) go({ page: Number(button.dataset.page) });
  });
  byId("rows").addEventListener("click", (event) => {
    const link = event.target.closest("[data-open]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openJob(link.closest("tr").job.id);
  });
  byId("side-close").addEventListener("click", closeJob);
  byId("side").addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeJob();
  });
  for (const button of document.querySelectorAll("[data-reload]")) button.addEventListener("click", reload);
  listenToPause(polling, render);
  addEventListener("popstate", arrive);
  listenToTyping();
}

function listenToTyping() {
  let timer = 0;
  let begun = false;
  const text = byId("text");
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      go({ text: text.value.trim(), page: 1 }, begun); // One step in the history, however much is typed.
      begun = true;
    }, TYPING);
  });
  text.addEventListener("blur", () => (begun = false));
}

function clear() {
  byId("text").value = "";
  go({ statuses: [], type: "", text: "", page: 1 });
  byId("text").focus();
}

/** Show what the address asks for, after the page was opened, or by back and forward. */
function arrive() {
  query = read(location.search, rules);
  byId("text").value = query.text;
  panel.open(query.job, answer?.jobs.find((job) => job.id === query.job));
  reload();
  render();
}

listen();
arrive();
