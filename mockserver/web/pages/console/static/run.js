// The run as a whole: back to the start, and handed on as a file.
import { at, make } from "../shared/dom.js";
import { ask } from "./dialog.js";
import { on, say } from "./page.js";
import { steer } from "./steering.js";

/** Reset and recording of the run. */
export class Run {
  #polling;

  constructor(polling) {
    this.#polling = polling;
    on("reset-run", "click", () =>
      this.#reset("run", "Reset this run?", "Its records, overrides and clock go back to the start. The journal stays."),
    );
    on("reset-sandbox", "click", () =>
      this.#reset("sandbox", "Reset this sandbox?", "All its runs, its active scenario and its journal go back to the start."),
    );
    on("download", "click", () => this.#record());
  }

  /** Say what the server says of it. */
  show({ generation, revision }) {
    say("generation", String(generation));
    say("revision", String(revision));
  }

  async #reset(scope, title, text) {
    if (!(await ask(this.#polling, title, text, "Reset"))) return;
    const answer = await steer(at("run-told"), "POST", "/__mock/reset", { scope });
    if (!answer) return;
    say("run-told", scope === "run" ? "The run is at its start." : "The sandbox is at its start.");
    this.#polling.now();
  }

  async #record() {
    const headers = { Accept: "application/yaml, application/problem+json" };
    const answer = await steer(at("run-told"), "GET", "/__mock/recording", undefined, headers);
    if (!answer) return;
    const name = decodeURIComponent((answer.headers.get("Content-Disposition") || "").split("''")[1] || "recording.yaml");
    const address = URL.createObjectURL(new Blob([answer.body], { type: "application/yaml" }));
    make("a", { href: address, download: name }).click();
    // The download has begun by then.
    setTimeout(() => URL.revokeObjectURL(address), 0);
    at("run-told").replaceChildren(
      make("p", {}, "Serve it with ", make("code", {}, `mockserver serve --scenario ${name}`)),
    );
  }
}
