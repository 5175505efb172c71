// Which of its states a page is in; their texts are part of the page.

import { all, byId, setText } from "../shared/dom.js";

const LIVE = { live: "Live", paused: "Paused", stale: "Not up to date" };

/** Show the part for this state, or none if it is empty. @param {string} state */
export function showState(state) {
  for (const part of all("[data-state]")) part.hidden = part.dataset.state !== state;
}

/** Make a change; if that hides or removes the focused element, focus the heading. @param {() => void} change */
export function keepFocusVisible(change) {
  const focused = /** @type {Element} */ (document.activeElement);
  change();
  if (focused === document.body) return; // Checking visibility costs a layout.
  const isLost = !focused.isConnected || !focused.checkVisibility();
  const { activeElement, body } = document;
  if (isLost && (activeElement === focused || activeElement === body)) byId("title").focus({ preventScroll: true });
}

/** Say why loading failed, and whether rows that were loaded at `since` are still shown. @type {ShowFailure} */
export function showFailure(failure, hasRows, since) {
  const isStale = Boolean(failure && hasRows);
  byId("stale").hidden = !isStale;
  byId("list").classList.toggle("stale", isStale);
  setText(byId("stale-since"), since);
  if (!failure) return;
  const reason = (failure.status ? `${failure.status}: ` : "") + failure.message;
  setText(byId("stale-why"), reason);
  setText(byId("error"), reason);
}

/** Say whether the page is kept up to date. @param {boolean} isPaused @param {?RequestError} failure */
export function showLive(isPaused, failure) {
  const state = isPaused ? "paused" : failure ? "stale" : "live";
  byId("live").dataset.live = state;
  setText(byId("live").lastElementChild, LIVE[state]);
}

/** Announce a text to screen readers, politely; also if it is the same as before. @param {string} text */
export function announce(text) {
  byId("announcement").replaceChildren(text);
}

/** Make the button pause and resume `polling`. @param {Polling} polling @param {() => void} onChange */
export function setUpPause(polling, onChange) {
  byId("pause").addEventListener("click", () => {
    polling.togglePause();
    setText(byId("pause"), polling.isPaused ? "Resume updates" : "Pause updates");
    announce(polling.isPaused ? "Updates paused." : "Updates resumed.");
    onChange();
  });
}

/** The time of day, in UTC. */
export function timeOfDay() {
  return new Date().toISOString().slice(11, 19);
}
