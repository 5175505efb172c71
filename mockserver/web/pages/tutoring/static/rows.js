// The rows of the queue, patched where they stand.

import { make, patch, setAttribute, setText } from "../shared/dom.js";
import { makeBadge, showBadge } from "./badge.js";
import { makeProblem, showActions, showProblem } from "./controls.js";
import { ago, showExact } from "./times.js";

/** The body of the table. `act(job, name)`, `dismiss(id)` and `link(id)` say what a row leads to. */
export class Rows {
  #body;
  #rules;
  #attempts;
  #on;

  constructor(body, rules, attempts, on) {
    this.#body = body;
    this.#rules = rules;
    this.#attempts = attempts;
    this.#on = on;
  }

  /** Show these jobs by the clock at `now`; `open` is the one beside the list. */
  show(jobs, now, open) {
    const lines = jobs.flatMap((job) => {
      const line = { key: `job ${job.id}`, job };
      return this.#attempts.of(job.id)?.problem ? [line, { key: `problem ${job.id}`, job }] : [line];
    });
    const isJob = (line) => line.key.startsWith("job ");
    this.#keepingFocus(() =>
      patch(
        this.#body,
        lines,
        (line) => line.key,
        (line) => (isJob(line) ? makeRow(line.job) : this.#makeProblem(line.job)),
        (row, line) => (isJob(line) ? this.#update(row, line.job, now, open) : this.#updateProblem(row, line.job)),
      ),
    );
  }

  #update(row, job, now, open) {
    const [name, session, type, status, when, actions] = row.cells;
    const attempt = this.#attempts.of(job.id);
    row.dataset.job = job.id;
    row.classList.toggle("open", open === job.id);
    row.classList.toggle("failed", Boolean(attempt?.problem));
    setAttribute(row, "aria-busy", attempt?.busy ? "true" : null);
    const link = name.firstElementChild;
    setText(link, job.id);
    setAttribute(link, "href", this.#on.link(job.id));
    setAttribute(link, "aria-current", open === job.id ? "true" : null);
    setText(session, job.session_id);
    setText(type, job.type);
    showBadge(status.firstElementChild, this.#rules.badges[job.status]);
    showExact(when.firstElementChild, job.updated_at);
    setText(when.lastElementChild, ago(job.updated_at, now));
    row.job = job;
    showActions(actions.firstElementChild, job, attempt, this.#rules, (action) => this.#on.act(row.job, action));
  }

  #makeProblem(job) {
    const again = () => this.#on.act(job, this.#attempts.of(job.id).action, true);
    const problem = makeProblem(job.id, { again, dismiss: () => this.#on.dismiss(job.id) });
    return make("tr", { class: "wrong" }, make("td", { colspan: 6 }, problem));
  }

  #updateProblem(row, job) {
    row.dataset.job = job.id;
    showProblem(row.cells[0].firstElementChild, this.#attempts.of(job.id));
  }

  /** Where what has the focus goes away, the focus goes to the nearest thing that is still there. */
  #keepingFocus(change) {
    const focused = document.activeElement;
    const row = this.#body.contains(focused) ? focused.closest("tr") : null;
    const index = row ? row.sectionRowIndex : 0;
    change();
    if (!row || focused.isConnected) return;
    const rows = [...this.#body.rows];
    const own = rows.find((one) => one.dataset.job === row.dataset.job);
    const other = rows.slice(index).find((one) => one.job) || rows.findLast((one) => one.job);
    const target = own
      ? own.querySelector("button[aria-disabled]") || own.querySelector("a")
      : other?.querySelector("a");
    (target || document.getElementById("title")).focus({ preventScroll: Boolean(own) });
  }
}

function makeRow() {
  return make(
    "tr",
    {},
    make("th", { scope: "row", class: "name" }, make("a", { "data-open": "" })),
    make("td", { class: "session" }),
    make("td", { class: "type" }),
    make("td", { class: "status" }, makeBadge()),
    make("td", { class: "when" }, make("time"), " ", make("span", { class: "quiet" })),
    make("td", { class: "does" }, make("div", { class: "actions" })),
  );
}
