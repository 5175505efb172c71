// One job and its events, beside the list.

import { RequestError } from "../shared/client.js";
import { keepFocus, make, patch, setAttribute, setText } from "../shared/dom.js";
import { fetchEvents, fetchJob } from "./api.js";
import { makeBadge, showBadge } from "./badge.js";
import { makeProblem, showActions, showProblem } from "./controls.js";
import { ago, duration, showExact } from "./times.js";

const NOT_FOUND = 404;

/** The functions of the panel. @type {MakePanel} */
export function makePanel(element, rules, attempts, on) {
  let openId = ""; // Empty while the panel is closed.
  /** @type {?Job} */
  let job = null;
  /** @type {JobEvent[] | null} */
  let events = null;
  /** @type {?RequestError} */
  let failure = null;
  /** @type {?string} */
  let clock = null;
  /** @type {?AbortController} */
  let controller = null; // Set while requests are in progress.
  part("badge").append(makeBadge());
  return { open, put, load, render };

  /** Show this job, as the list has it if it does; an empty id closes it. @param {string} id @param {Job} [listed] */
  function open(id, listed) {
    if (id === openId) return;
    stop();
    openId = id;
    job = listed || null;
    events = failure = null;
    part("problem").replaceChildren();
    part("events").replaceChildren();
    render();
  }

  /** Show the job as the response to an action has it. @param {Job} changed */
  function put(changed) {
    if (changed.id !== openId) return;
    stop();
    job = changed;
    events = null;
    render();
  }

  function stop() {
    controller?.abort();
    controller = null;
  }

  /** Load the job, and its events if it has changed, unless that is in progress. */
  async function load() {
    if (!openId || controller) return;
    controller = new AbortController();
    const { signal } = controller;
    try {
      const before = job;
      const loading = events ? null : fetchEvents(openId, signal);
      loading?.catch(() => {}); // The error of the job itself comes first.
      const loaded = await fetchJob(openId, signal);
      const isChanged = before?.updated_at !== loaded.updated_at || before?.status !== loaded.status;
      const loadedEvents = await (loading || (isChanged ? fetchEvents(openId, signal) : events));
      if (signal.aborted) return;
      [job, events, failure] = [loaded, loadedEvents, null];
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RequestError)) throw error;
      failure = error;
    }
    controller = null;
    render();
  }

  /** Show everything, with times as of `now`. @param {?string} [now] */
  function render(now = clock) {
    clock = now;
    element.hidden = !openId;
    if (!openId) return;
    const isUnknown = failure?.status === NOT_FOUND;
    setText(part("title"), openId);
    part("loading").hidden = job || failure;
    part("unknown").hidden = !isUnknown;
    part("error").hidden = !failure || isUnknown;
    if (failure) setText(part("error").querySelector("span"), failure.message);
    part("job").hidden = !job || isUnknown;
    if (job && !isUnknown) showJob(job);
  }

  /** @param {Job} shown */
  function showJob(shown) {
    const attempt = attempts.of(shown.id);
    showBadge(part("badge").firstElementChild, rules.badges[shown.status]);
    setText(part("status"), shown.status);
    setText(part("session"), shown.session_id);
    setAttribute(part("session"), "href", on.session(shown.session_id));
    setText(part("type"), shown.type);
    showExact(part("updated"), shown.updated_at);
    setText(part("ago"), ago(shown.updated_at, clock));
    const actions = part("actions");
    const fallback = () => actions.querySelector("[aria-disabled]") || part("title");
    keepFocus(element, fallback, () => {
      showActions(actions, shown, attempt, rules, (action) => on.act(job || shown, action));
      showFailedAttempt(shown, attempt);
    });
    part("waiting").hidden = events || part("events").firstElementChild;
    part("none").hidden = !events || events.length > 0;
    if (events) showEvents(events);
  }

  /** @param {Job} shown @param {Attempt | undefined} attempt */
  function showFailedAttempt(shown, attempt) {
    const place = part("problem");
    if (!attempt?.problem) {
      place.replaceChildren();
      return;
    }
    if (!place.firstElementChild) {
      place.append(makeProblem(shown.id, () => on.repeat(job || shown), () => on.dismiss(shown.id)));
    }
    showProblem(place.firstElementChild, attempt);
  }

  /** @param {JobEvent[]} shown */
  function showEvents(shown) {
    patch(
      part("events"),
      shown.map((event, index) => ({ ...event, index, previous: shown[index - 1] })),
      (event) => `${event.index} ${event.event_type}`,
      () => {
        const what = make("p", make("strong"), " ", makeBadge());
        return make("li", what, make("p.quiet", make("time"), " ", make("span")));
      },
      (item, event) => {
        const [what, when] = item.children;
        setText(what.firstElementChild, event.event_type);
        showBadge(what.lastElementChild, rules.badges[rules.targets[event.event_type]]);
        showExact(when.firstElementChild, event.at);
        const since = event.previous && Date.parse(event.at) - Date.parse(event.previous.at);
        setText(when.lastElementChild, event.previous ? `after ${duration(since)}` : "");
      },
    );
  }

  /** @param {string} name @returns {any} */
  function part(name) {
    return element.querySelector(`[data-part="${name}"]`);
  }
}
