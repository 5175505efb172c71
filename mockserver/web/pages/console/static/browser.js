// Which sandbox and scenario this browser is in, and why.
import { call } from "../shared/client.js";
import { at, make, setText } from "../shared/dom.js";
import { reveal, say } from "./page.js";

const SUGGESTED = 100;

/** What the page says of the selection; it follows what the server says of it. */
export class Browser {
  constructor() {
    this.sandbox = at("sandbox").textContent;
    this.scenario = at("scenario").textContent;
    at("sandbox-name")?.addEventListener("focus", () => this.#suggest(), { once: true });
  }

  /** Ask what was selected, and why, if an answer came from elsewhere than the page says. */
  async follow(headers) {
    const [sandbox, scenario] = [headers.get("X-Mock-Sandbox"), headers.get("X-Mock-Scenario")];
    if (sandbox === this.sandbox && scenario === this.scenario) return;
    this.#show((await call("/__mock/scenarios")).body.selected);
  }

  #show(selected) {
    Object.assign(this, { sandbox: selected.sandbox, scenario: selected.scenario });
    say("sandbox", selected.sandbox);
    say("sandbox-via", `by ${selected.sandbox_via}`);
    say("scenario", selected.scenario);
    say("scenario-via", `by ${selected.scenario_via}`);
    const [sandbox, scenario] = document.querySelectorAll(".selection strong");
    setText(sandbox, selected.sandbox);
    setText(scenario, selected.scenario);
    reveal("ignored", selected.ignored.length);
    setText(at("ignored").querySelector("span"), selected.ignored.join(", "));
    reveal("to-default", selected.scenario_via === "cookie mock_scenario");
    if (at("leave")) reveal("leave", selected.sandbox_via === "cookie mock_sandbox");
    for (const item of document.querySelectorAll("[data-scenario]")) {
      const here = item.dataset.scenario === selected.scenario;
      item.querySelector(".here").hidden = !here;
      item.querySelector(".switch").hidden = here;
    }
  }

  async #suggest() {
    const { sandboxes } = (await call("/__mock/sandboxes").catch(() => ({ body: { sandboxes: [] } }))).body;
    const names = sandboxes.slice(0, SUGGESTED).map((one) => make("option", { value: one.name }));
    at("sandboxes").replaceChildren(...names);
  }
}
