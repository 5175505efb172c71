// A page that shows one response and keeps it up to date.

import { RequestError } from "../shared/client.js";
import { all, byId, setAttribute } from "../shared/dom.js";
import { Polling } from "../shared/polling.js";
import { announce, keepFocusVisible, setUpPause, showFailure, showLive, showState, timeOfDay } from "./page_state.js";

const SECONDS = 2;
const NOT_FOUND = 404;

/** Poll with `load`, and `show` what it returns. @template T @param {WatchedPage<T>} page */
export function watch({ load, show, isEmpty }) {
  /** @type {?T} */
  let loaded = null;
  let loadedAt = "";
  /** @type {?RequestError} */
  let failure = null;
  const polling = new Polling(poll, SECONDS);

  async function poll() {
    try {
      loaded = await load(AbortSignal.timeout(20_000));
      if (failure) announce("Updates work again.");
      [loadedAt, failure] = [timeOfDay(), null];
      show(loaded);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (!failure) announce(error.message);
      failure = error;
      if (error.status === NOT_FOUND) loaded = null;
    }
    render();
  }

  const render = () => keepFocusVisible(draw);

  function draw() {
    const state = loaded === null ? stateWithout(failure) : isEmpty(loaded) ? "empty" : "";
    showState(state);
    /** @type {any} */ (byId("rows").closest("[data-rows]")).hidden = state !== "";
    setAttribute(byId("list"), "aria-busy", state === "loading");
    showFailure(failure, loaded !== null, loadedAt);
    showLive(polling.isPaused, state === "unknown" ? null : failure);
  }

  for (const button of all("[data-reload]")) button.addEventListener("click", () => polling.now());
  setUpPause(polling, render);
  polling.now();
}

/** The state of a page that has nothing to show yet. @param {?RequestError} failure */
function stateWithout(failure) {
  if (!failure) return "loading";
  return failure.status === NOT_FOUND ? "unknown" : "error";
}
