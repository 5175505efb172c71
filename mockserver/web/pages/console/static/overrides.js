// Overrides: those in force, and one more.
import { call } from "../shared/client.js";
import { at, make, patch, setText } from "../shared/dom.js";
import { keepFocus } from "./focus.js";
import { on, reveal, say } from "./page.js";
import { steer, tell } from "./steering.js";

const NUMBERS = ["status", "times"];
const FIELDS = ["operation", "status", "times", "delay", "fault"];

/** The view of overrides. */
export class Overrides {
  #refresh;
  #version = "";

  constructor(refresh) {
    this.#refresh = refresh;
    const form = at("add-override");
    form.addEventListener("input", (event) => {
      if (event.target.name) this.#compose();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    on("clear-overrides", "click", () => this.#remove("/__mock/overrides"));
    this.#compose();
  }

  /** Fetch the overrides if the run has changed since. */
  async follow(version) {
    if (version === this.#version) return;
    const { overrides } = (await call("/__mock/overrides")).body;
    this.#version = version;
    keepFocus(at("override-rows"), () => at("overrides-scroll"), () =>
      patch(at("override-rows"), overrides, (one) => one.id, (one) => this.#row(one), update),
    );
    reveal("overrides-empty", overrides.length === 0);
    say("overrides-empty", "None: every operation answers as it normally would.");
    at("clear-overrides").hidden = overrides.every((one) => !isAdded(one));
  }

  #row(one) {
    const remove = () => this.#remove(`/__mock/overrides/${encodeURIComponent(one.id)}`);
    const from = isAdded(one)
      ? make("button", { type: "button", class: "small", "aria-label": `Remove ${one.id}`, onclick: remove }, "Remove")
      : make("span", { class: "quiet" }, "scenario");
    return make("tr", {}, make("th", { scope: "row", class: "mono" }), make("td", { class: "wrap" }, make("code")), make("td"), make("td", {}, from));
  }

  async #remove(path) {
    if (await steer(at("overrides-told"), "DELETE", path)) this.#refresh();
  }

  /** Write the fields into the entry, whose other members stay as they are. */
  #compose() {
    let entry = {};
    try {
      entry = JSON.parse(at("override-json").value || "{}");
    } catch {
      // What is no JSON yet cannot be kept: it is begun anew.
    }
    const form = at("add-override");
    for (const name of FIELDS) {
      const text = form.elements[name].value.trim();
      if (text) entry[name] = NUMBERS.includes(name) ? Number(text) : text;
      else delete entry[name];
    }
    at("override-json").value = JSON.stringify(entry, null, 2);
  }

  async #add() {
    const text = at("override-json").value;
    let entry;
    try {
      entry = JSON.parse(text);
    } catch (error) {
      tell(at("add-told"), text, { status: "", code: "", message: `That is no JSON: ${error.message}`, problem: {} });
      return;
    }
    const answer = await steer(at("add-told"), "POST", "/__mock/overrides", entry);
    if (!answer) return;
    say("add-told", `Added as ${answer.body.id}.`);
    this.#refresh();
  }
}

function isAdded(one) {
  return !one.id.startsWith("scenario-");
}

function update(row, { id, used, operation, ...answer }) {
  const [name, entry, times] = row.children;
  setText(name, operation);
  name.title = id;
  setText(entry.firstElementChild, JSON.stringify(answer));
  setText(times, answer.times ? `${used} of ${answer.times}` : "every time");
}
