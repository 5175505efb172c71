// Which of its states a page is in, in words that are in the page already.

import { setText } from "../shared/dom.js";

const LIVE = { live: "Live", paused: "Paused", stale: "Not up to date" };
const byId = (id) => document.getElementById(id);

/** Show the part of this state, or none: `loading`, `empty`, `nothing`, `unknown` or `error`. */
export function showState(state) {
  for (const element of document.querySelectorAll("[data-state]")) element.hidden = element.dataset.state !== state;
}

/** Make a change; where what has the focus goes out of sight, the focus goes to the heading. */
export function keepingFocus(change) {
  const focused = document.activeElement;
  change();
  if (focused === document.body) return; // To ask what is visible costs a layout.
  const lost = !focused.isConnected || !focused.checkVisibility();
  if (lost && [focused, document.body].includes(document.activeElement)) byId("title").focus({ preventScroll: true });
}

/** Say what went wrong, `shown` telling whether there are still good rows, of the time `since`. */
export function showFailure(failure, shown, since) {
  byId("stale").hidden = !(failure && shown);
  byId("list").classList.toggle("stale", Boolean(failure && shown));
  setText(byId("stale-since"), since);
  if (failure) for (const id of ["stale-why", "error"]) setText(byId(id), reason(failure));
}

function reason(failure) {
  return (failure.status ? `${failure.status}: ` : "") + failure.message;
}

/** Say whether the page follows the server. */
export function showLive(paused, failure) {
  const state = paused ? "paused" : failure ? "stale" : "live";
  byId("live").dataset.live = state;
  setText(byId("live").lastElementChild, LIVE[state]);
}

/** Announce it: politely, and again even if it says the same. */
export function tell(text) {
  byId("told").replaceChildren(text);
}

/** Have the button pause and resume `polling`, and `changed` called after it. */
export function listenToPause(polling, changed) {
  byId("pause").addEventListener("click", () => {
    if (polling.paused) polling.resume();
    else polling.pause();
    setText(byId("pause"), polling.paused ? "Resume updates" : "Pause updates");
    tell(polling.paused ? "Updates are paused." : "Updates are on.");
    changed();
  });
}

/** The time of day, in UTC. */
export function timeOfDay() {
  return new Date().toISOString().slice(11, 19);
}
