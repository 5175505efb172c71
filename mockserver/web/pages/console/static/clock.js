// The run's clock: where it stands, what is due, and what moving it has fired.
import { at, make } from "../shared/dom.js";
import { on, reveal, say } from "./page.js";
import { steer } from "./steering.js";
import { count, instant, span, time } from "./values.js";

const SHOWN = 50;

/** The clock and the ways to move it; `refresh` is called when it was. */
export class Clock {
  #refresh;
  #mode = "";

  constructor(refresh) {
    this.#refresh = refresh;
    for (const button of document.querySelectorAll("[data-move]")) {
      button.addEventListener("click", () => this.#move(JSON.parse(button.dataset.move)));
    }
    on("advance", "submit", (event) => {
      event.preventDefault();
      const back = event.submitter?.name === "back";
      this.#move({ [back ? "rewind" : "advance"]: at("duration").value.trim() });
    });
    on("mode-name", "change", () => this.#showSpeed());
    on("mode", "submit", (event) => {
      event.preventDefault();
      const real = at("mode-name").value === "real";
      this.#move(real ? { mode: "real", speed: Number(at("speed").value) } : { mode: "manual" });
    });
  }

  /** Say what the server says of it. */
  show({ now, mode, speed, step, next_due: due }) {
    say("now", instant(now));
    const moved = { manual: "hand", real: `time, × ${speed}`, "per-request": `requests, ${step / 1000} s each` }[mode];
    say("clock-mode", moved);
    say("due", due ? `${instant(due)}, in ${span(now, due)}` : "nothing is due");
    if (this.#mode === mode) return;
    this.#mode = mode;
    if (mode !== "per-request") at("mode-name").value = mode;
    if (speed) at("speed").value = speed;
    this.#showSpeed();
  }

  #showSpeed() {
    reveal("speed-field", at("mode-name").value === "real");
  }

  async #move(move) {
    const answer = await steer(at("clock-told"), "POST", "/__mock/clock", move);
    at("clock-fired").hidden = true;
    if (!answer) return;
    this.show(answer.body);
    this.#tell(move, answer.body);
    this.#refresh();
  }

  #tell(move, { now, fired }) {
    const forward = "advance" in move;
    const what = fired.length || forward ? `${count(fired.length, "transition")} fired` : "What came later is undone";
    say("clock-told", "mode" in move ? "Set." : `${what}. It is ${time(now)}.`);
    const items = fired.slice(0, SHOWN).map((one) =>
      make("li", {}, make("span", { class: "mono" }, time(one.at)), ` ${one.key} `, make("strong", {}, one.transition),
        make("span", { class: "quiet" }, ` ${one.resource}`)),
    );
    if (fired.length > SHOWN) items.push(make("li", { class: "quiet" }, `and ${count(fired.length - SHOWN, "other")}`));
    at("clock-fired").replaceChildren(...items);
    reveal("clock-fired", items.length);
  }
}
