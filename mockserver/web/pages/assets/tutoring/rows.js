// The rows of the queue, updated in place.

import { byId, make, patch, setAttribute, setText } from "../shared/dom.js";
import { makeBadge, showBadge } from "./badge.js";
import { makeProblem, showActions, showProblem } from "./controls.js";
import { ago, showExact } from "./times.js";

/** A function that shows jobs in `body`: a row for each, and one below it for a failed attempt. @type {MakeRows} */
export function makeRows(body, rules, attempts, on) {
  return (jobs, now, openId) => {
    const items = jobs.flatMap((job) => [
      { key: `job ${job.id}`, job, isProblem: false },
      ...(attempts.of(job.id)?.problem ? [{ key: `problem ${job.id}`, job, isProblem: true }] : []),
    ]);
    keepFocusNear(body, () =>
      patch(
        body,
        items,
        (item) => item.key,
        ({ isProblem, job }) => (isProblem ? makeProblemRow(job) : makeRow()),
        (row, { isProblem, job }) => {
          row.dataset.job = job.id;
          if (isProblem) showProblem(row.querySelector(".problem"), attempts.of(job.id));
          else update(row, job, now, openId === job.id);
        },
      ),
    );
  };

  /** @param {JobRow} row @param {Job} job @param {?string} now @param {boolean} isOpen */
  function update(row, job, now, isOpen) {
    const [name, session, type, status, when, actions] = row.cells;
    const attempt = attempts.of(job.id);
    row.job = job;
    row.classList.toggle("open", isOpen);
    row.classList.toggle("failed", Boolean(attempt?.problem));
    setAttribute(row, "aria-busy", attempt?.isBusy || false);
    const link = name.firstElementChild;
    setText(link, job.id);
    setAttribute(link, "href", on.link(job.id));
    setAttribute(link, "aria-current", isOpen);
    setText(session, job.session_id);
    setText(type, job.type);
    showBadge(status.firstElementChild, rules.badges[job.status]);
    showExact(when.firstElementChild, job.updated_at);
    setText(when.lastElementChild, ago(job.updated_at, now));
    showActions(actions.firstElementChild, job, attempt, rules, (action) => on.act(row.job || job, action));
  }

  /** @param {Job} job */
  function makeProblemRow(job) {
    const problem = makeProblem(job.id, () => on.repeat(job), () => on.dismiss(job.id));
    return make("tr.wrong", make("td", { colspan: 6 }, problem));
  }
}

/** @returns {JobRow} */
function makeRow() {
  return make("tr", make("th.name", { scope: "row" }, make("a", { "data-open": "" })),
    make("td.session"),
    make("td.type"),
    make("td.status", makeBadge()),
    make("td.when", make("time"), " ", make("span.quiet")),
    make("td.action", make("div.actions")),
  );
}

/** Make a change; if it removes the focused element, focus the nearest. @param {any} body @param {() => void} change */
function keepFocusNear(body, change) {
  const focused = document.activeElement;
  const row = body.contains(focused) && focused?.closest("tr");
  const index = row ? row.sectionRowIndex : 0;
  change();
  if (!row || focused?.isConnected) return;
  const rows = [...body.rows];
  const same = rows.find(({ dataset }) => dataset.job === row.dataset.job);
  const near = rows.slice(index).find(({ job }) => job) || rows.findLast(({ job }) => job);
  const target = same?.querySelector("button[aria-disabled]") || (same || near)?.querySelector("a") || byId("title");
  target.focus({ preventScroll: Boolean(same) });
}
