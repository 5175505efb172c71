// Which sandbox and scenario this browser is in, and what selected them.
import { call } from "../shared/client.js";
import { all, byId, make, setText } from "../shared/dom.js";
import { toggle, write } from "./elements.js";

const SUGGESTED = 100;

/** The sandbox and the scenario that the page shows. */
export const selection = { sandbox: byId("sandbox").textContent, scenario: byId("scenario").textContent };

byId("sandbox-name")?.addEventListener("focus", suggestSandboxes, { once: true });

/** Load the selection again if a response's headers differ. @param {Headers} headers */
export async function updateSelection(headers) {
  const { sandbox, scenario } = selection;
  if (headers.get("X-Mock-Sandbox") === sandbox && headers.get("X-Mock-Scenario") === scenario) return;
  show((await call("/__mock/scenarios")).body.selected);
}

/** @param {Selected} selected */
function show({ sandbox, scenario, sandbox_via, scenario_via, ignored }) {
  Object.assign(selection, { sandbox, scenario });
  write("sandbox", sandbox);
  write("sandbox-via", `by ${sandbox_via}`);
  write("scenario", scenario);
  write("scenario-via", `by ${scenario_via}`);
  const [sandboxInBar, scenarioInBar] = all(".selection strong");
  setText(sandboxInBar, sandbox);
  setText(scenarioInBar, scenario);
  toggle("ignored", ignored.length);
  setText(byId("ignored").querySelector("span"), ignored.join(", "));
  toggle("to-default", scenario_via === "cookie mock_scenario");
  if (byId("leave")) toggle("leave", sandbox_via === "cookie mock_sandbox");
  for (const item of all("[data-scenario]")) {
    const isSelected = item.dataset.scenario === scenario;
    item.querySelector(".here").hidden = !isSelected;
    item.querySelector(".switch").hidden = isSelected;
  }
}

async function suggestSandboxes() {
  const { body } = await call("/__mock/sandboxes").catch(() => ({ body: { sandboxes: [] } }));
  const options = body.sandboxes.map((/** @type {any} */ { name }) => make("option", { value: name }));
  byId("sandboxes").replaceChildren(...options.slice(0, SUGGESTED));
}
