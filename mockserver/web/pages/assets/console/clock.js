// The run's clock, and the transitions that moving it has fired.
import { all, byId, make } from "../shared/dom.js";
import { send } from "./control_api.js";
import { listItems, on, toggle, write } from "./elements.js";
import { count, dateAndTime, duration, timeOfDay } from "./format.js";

const SHOWN = 50;

/** A function that shows the clock. @type {MakeClock} */
export function makeClock(refresh) {
  let shownMode = "";
  for (const button of all("[data-move]")) {
    button.addEventListener("click", () => move(JSON.parse(button.dataset.move)));
  }
  on("advance", "submit", ({ submitter }) => {
    move({ [submitter?.name === "back" ? "rewind" : "advance"]: byId("duration").value.trim() });
  });
  on("mode-name", "change", showSpeed);
  on("mode", "submit", () => {
    const isReal = byId("mode-name").value === "real";
    move(isReal ? { mode: "real", speed: Number(byId("speed").value) } : { mode: "manual" });
  });
  return show;

  /** @param {ClockState} clock */
  function show(clock) {
    const { now, mode, speed, next_due: due } = clock;
    write("now", dateAndTime(now));
    write("clock-mode", modeText(clock));
    write("due", due ? `${dateAndTime(due)}, in ${duration(now, due)}` : "nothing scheduled");
    if (shownMode === mode) return;
    shownMode = mode;
    if (mode !== "per-request") byId("mode-name").value = mode;
    if (speed) byId("speed").value = String(speed);
    showSpeed();
  }

  function showSpeed() {
    toggle("speed-field", byId("mode-name").value === "real");
  }

  /** @param {ClockMove} body */
  async function move(body) {
    const response = await send("clock-status", "POST", "/__mock/clock", body);
    toggle("clock-fired", false);
    if (!response) return;
    show(response.body);
    write("clock-status", moveText(body, response.body));
    showFired(response.body.fired);
    refresh();
  }
}

/** How the clock moves. @param {ClockState} clock */
export function modeText({ mode, speed, step = 0 }) {
  if (mode === "manual") return "manual";
  return mode === "real" ? `real time, × ${speed}` : `per request, ${step / 1000} s each`;
}

/** What a move has done. @type {MoveText} */
export function moveText(move, { now, fired }) {
  if ("mode" in move) return "Clock mode set.";
  const isForward = fired.length || "advance" in move;
  const done = isForward ? `${count(fired.length, "transition")} fired` : "Later commands undone";
  return `${done}. It is ${timeOfDay(now)}.`;
}

/** @param {Fired[]} fired */
function showFired(fired) {
  const content = (/** @type {Fired} */ { at, key, transition, resource }) => [
    make("span.mono", timeOfDay(at)), ` ${key} `, make("strong", transition), make("span.quiet", ` ${resource}`),
  ];
  byId("clock-fired").replaceChildren(...listItems(fired, content, SHOWN));
  toggle("clock-fired", fired.length);
}
