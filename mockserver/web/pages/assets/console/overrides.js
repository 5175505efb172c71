// Overrides: the active ones, and a form to add one.
import { call } from "../shared/client.js";
import { byId, keepFocus, make, patch, setText } from "../shared/dom.js";
import { send, showError } from "./control_api.js";
import { on, toggle, write } from "./elements.js";

const NUMBERS = ["status", "times"];
const FIELDS = ["operation", "status", "times", "delay", "fault"];

/** @type {MakeView} */
export function makeOverrides(refresh) {
  const rows = byId("override-rows");
  let shownVersion = "";
  on("add-override", "input", ({ target }) => target.name && compose());
  on("add-override", "submit", add);
  on("clear-overrides", "click", () => remove("/__mock/overrides"));
  compose();
  return { update };

  /** @param {string} version */
  async function update(version) {
    if (version === shownVersion) return;
    /** @type {Override[]} */
    const overrides = (await call("/__mock/overrides")).body.overrides;
    shownVersion = version;
    keepFocus(rows, () => byId("overrides-scroll"), () =>
      patch(rows, overrides, ({ id }) => id, (override) => makeRow(override, remove), updateRow),
    );
    toggle("overrides-empty", !overrides.length);
    write("overrides-empty", "No overrides: every operation responds normally.");
    toggle("clear-overrides", overrides.some(isAdded));
  }

  /** @param {string} path */
  async function remove(path) {
    if (await send("overrides-status", "DELETE", path)) refresh();
  }

  async function add() {
    const text = byId("override-json").value;
    let override;
    try {
      override = JSON.parse(text);
    } catch (error) {
      const message = `Not valid JSON: ${/** @type {Error} */ (error).message}`;
      showError("add-status", text, { status: 0, code: "", message, problem: {} });
      return;
    }
    const response = await send("add-status", "POST", "/__mock/overrides", override);
    if (!response) return;
    /** @type {Override[]} */
    const added = response.body.overrides ?? [response.body];
    write("add-status", `Added as ${added.map(({ id }) => id).join(", ")}.`);
    refresh();
  }
}

/** Write the fields of the form into the JSON. */
function compose() {
  const { elements } = byId("add-override");
  const field = byId("override-json");
  field.value = composeOverride(field.value, (name) => elements[name].value.trim());
}

/** JSON with the values of the fields; its other members stay. @type {ComposeOverride} */
export function composeOverride(text, valueOf) {
  /** @type {Record<string, unknown>} */
  let override = {};
  try {
    override = JSON.parse(text || "{}");
  } catch {
    // Invalid JSON cannot be changed, so it is replaced.
  }
  for (const name of FIELDS) {
    const value = valueOf(name);
    if (value) override[name] = NUMBERS.includes(name) ? Number(value) : value;
    else delete override[name];
  }
  return JSON.stringify(override, null, 2);
}

/** Whether it can be removed, unlike the scenario's own. @param {Override} override */
function isAdded({ id }) {
  return !id.startsWith("scenario-");
}

/** @param {Override} override @param {(path: string) => void} remove */
function makeRow(override, remove) {
  const { id } = override;
  const onclick = () => remove(`/__mock/overrides/${encodeURIComponent(id)}`);
  const source = isAdded(override)
    ? make("button.small", { "aria-label": `Remove ${id}`, onclick }, "Remove")
    : make("span.quiet", "scenario");
  const operation = make("th.mono", { scope: "row", title: id }, override.operation);
  return make("tr", operation, make("td.wrap", make("code")), make("td"), make("td", source));
}

/** @param {HTMLTableRowElement} row @param {Override} override */
function updateRow({ cells }, { id, used, operation, ...response }) {
  setText(cells[1].firstElementChild, JSON.stringify(response));
  setText(cells[2], response.times ? `${used} of ${response.times}` : "every time");
}
