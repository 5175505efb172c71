// A page that shows one answer, and asks for it again and again.

import { Refused } from "../shared/client.js";
import { setAttribute } from "../shared/dom.js";
import { Polling } from "../shared/polling.js";
import { keepingFocus, listenToPause, showFailure, showLive, showState, tell, timeOfDay } from "./states.js";

const SECONDS = 2;
const ABSENT = 404;

/** Ask, and `show` what comes; `isEmpty` tells an answer that has nothing to show. */
export function watch({ ask, show, isEmpty }) {
  let [answer, since, failure] = [null, "", null];
  const polling = new Polling(load, SECONDS);

  async function load() {
    try {
      answer = await ask(AbortSignal.timeout(20_000));
      if (failure) tell("Updates work again.");
      [since, failure] = [timeOfDay(), null];
      show(answer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (!failure) tell(error.message);
      failure = error;
      if (error.status === ABSENT) answer = null;
    }
    render();
  }

  const render = () => keepingFocus(draw);

  function draw() {
    const without = failure ? (failure.status === ABSENT ? "unknown" : "error") : "loading";
    const state = answer === null ? without : isEmpty(answer) ? "empty" : "";
    showState(state);
    document.getElementById("rows").closest("[data-rows]").hidden = state !== "";
    setAttribute(document.getElementById("list"), "aria-busy", state === "loading" ? "true" : null);
    showFailure(failure, answer !== null, since);
    showLive(polling.paused, failure);
  }

  const buttons = document.querySelectorAll("[data-reload]");
  for (const button of buttons) button.addEventListener("click", () => polling.now());
  listenToPause(polling, render);
  polling.now();
}
