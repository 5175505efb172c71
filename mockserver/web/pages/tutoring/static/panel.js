// One job and what happened to it, beside the list.

import { Refused } from "../shared/client.js";
import { make, patch, setAttribute, setText } from "../shared/dom.js";
import { makeBadge, showBadge } from "./badge.js";
import { makeProblem, showActions, showProblem } from "./controls.js";
import { events, one } from "./jobs.js";
import { ago, showExact, span } from "./times.js";

const ABSENT = 404;

/** The panel: `act`, `dismiss` and `session` (the address of a session's jobs) say what it leads to. */
export class Panel {
  id = "";
  #element;
  #rules;
  #attempts;
  #on;
  #job = null;
  #events = null;
  #error = null;
  #now = null;
  #controller = null; // While it is asking.

  constructor(element, rules, attempts, on) {
    this.#element = element;
    this.#rules = rules;
    this.#attempts = attempts;
    this.#on = on;
    this.#part("badge").append(makeBadge());
  }

  /** Show this job, of which `job` may be known already; an empty id closes the panel. */
  open(id, job = null) {
    if (id === this.id) return;
    this.#stop();
    this.id = id;
    this.#job = job;
    this.#events = this.#error = null;
    this.#part("problem").replaceChildren();
    this.#part("events").replaceChildren();
    this.render();
  }

  /** Show the job as the server has just answered it. */
  put(job) {
    if (job.id !== this.id) return;
    this.#stop();
    this.#job = job;
    this.#events = null;
    this.render();
  }

  #stop() {
    this.#controller?.abort();
    this.#controller = null;
  }

  /** Ask the server again, unless it is being asked. */
  async load() {
    if (!this.id || this.#controller) return;
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    try {
      const before = this.#job;
      const told = this.#events ? null : events(this.id, signal);
      told?.catch(() => {}); // The job's own refusal comes first.
      const job = await one(this.id, signal);
      const changed = before?.updated_at !== job.updated_at || before?.status !== job.status;
      const happened = told ? await told : changed ? await events(this.id, signal) : this.#events;
      if (signal.aborted) return;
      this.#job = job;
      this.#events = happened;
      this.#error = null;
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Refused)) throw error;
      this.#error = error;
    }
    this.#controller = null;
    this.render();
  }

  /** Show the time by the clock at `now`. */
  render(now = this.#now) {
    this.#now = now;
    this.#element.hidden = !this.id;
    if (!this.id) return;
    const unknown = this.#error?.status === ABSENT;
    setText(this.#part("title"), this.id);
    this.#part("loading").hidden = Boolean(this.#job || this.#error);
    this.#part("unknown").hidden = !unknown;
    this.#part("error").hidden = !this.#error || unknown;
    if (this.#error) setText(this.#part("error").querySelector("span"), this.#error.message);
    this.#part("job").hidden = !this.#job || unknown;
    if (this.#job && !unknown) this.#showJob(this.#job);
  }

  #showJob(job) {
    const attempt = this.#attempts.of(job.id);
    showBadge(this.#part("badge").firstElementChild, this.#rules.badges[job.status]);
    setText(this.#part("status"), job.status);
    setText(this.#part("session"), job.session_id);
    setAttribute(this.#part("session"), "href", this.#on.session(job.session_id));
    setText(this.#part("type"), job.type);
    showExact(this.#part("updated"), job.updated_at);
    setText(this.#part("ago"), ago(job.updated_at, this.#now));
    this.#keepingFocus(() => {
      showActions(this.#part("actions"), job, attempt, this.#rules, (action) => this.#on.act(this.#job, action));
      this.#showProblem(job, attempt);
    });
    const count = this.#part("events").children.length;
    this.#part("waiting").hidden = Boolean(this.#events || count);
    this.#part("none").hidden = !this.#events || this.#events.length > 0;
    if (this.#events) this.#showEvents(this.#events);
  }

  #showProblem(job, attempt) {
    const place = this.#part("problem");
    if (!attempt?.problem) {
      place.replaceChildren();
      return;
    }
    if (!place.firstElementChild) {
      const again = () => this.#on.act(this.#job, this.#attempts.of(job.id).action, true);
      place.append(makeProblem(job.id, { again, dismiss: () => this.#on.dismiss(job.id) }));
    }
    showProblem(place.firstElementChild, attempt);
  }

  #showEvents(happened) {
    patch(
      this.#part("events"),
      happened.map((event, index) => ({ ...event, index, before: happened[index - 1] })),
      (event) => `${event.index} ${event.event_type}`,
      () => {
        const what = make("p", {}, make("strong"), " ", makeBadge());
        return make("li", {}, what, make("p", { class: "quiet" }, make("time"), " ", make("span")));
      },
      (item, event) => {
        const [what, when] = item.children;
        setText(what.firstElementChild, event.event_type);
        showBadge(what.lastElementChild, this.#rules.badges[this.#rules.leads[event.event_type]]);
        showExact(when.firstElementChild, event.at);
        const since = event.before ? Date.parse(event.at) - Date.parse(event.before.at) : null;
        setText(when.lastElementChild, since === null ? "" : `after ${span(since)}`);
      },
    );
  }

  #keepingFocus(change) {
    const focused = document.activeElement;
    const held = this.#element.contains(focused);
    change();
    if (held && !focused.isConnected) {
      (this.#part("actions").querySelector("[aria-disabled]") || this.#part("title")).focus({ preventScroll: true });
    }
  }

  #part(name) {
    return this.#element.querySelector(`[data-part="${name}"]`);
  }
}
