// What leads others to where this browser is: an address, a command, headers.
import { make, setText } from "../shared/dom.js";

const at = (id) => document.getElementById(id);
const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The dialog behind each scenario's copy button. */
export class Handover {
  #data;
  #browser;

  constructor(data, browser) {
    this.#data = data;
    this.#browser = browser;
    for (const button of document.querySelectorAll(".hand-on")) {
      button.addEventListener("click", () => this.#open(button.closest("[data-scenario]").dataset.scenario));
    }
  }

  #open(scenario) {
    setText(at("hand-on-title"), `Use “${scenario}” elsewhere`);
    setText(at("hand-on-told"), "");
    const rows = this.#rows(scenario).map(([title, text]) => {
      const code = make("pre", { tabindex: "0", "aria-label": title }, text);
      const button = make("button", { type: "button", onclick: () => this.#copy(title, code) }, "Copy");
      button.setAttribute("aria-label", `Copy ${title.toLowerCase()}`);
      return make("div", { class: "copied" }, make("h3", {}, title), button, code);
    });
    at("hand-on-rows").replaceChildren(...rows);
    at("hand-on").showModal();
  }

  #rows(scenario) {
    const { mount, sample } = this.#data;
    const sandbox = this.#browser.sandbox;
    const base = location.origin + mount;
    const query = new URLSearchParams({ __scenario: scenario, __sandbox: sandbox });
    const headers = { "X-Mock-Scenario": scenario, "X-Mock-Sandbox": sandbox };
    const flags = Object.entries(headers).map(([name, value]) => `-H ${shell(`${name}: ${value}`)}`);
    return [
      ["Link", `${base}/__mock/?${query}`],
      ["curl", `curl ${flags.join(" ")} ${shell(base + sample)}`],
      ["Playwright headers", `extraHTTPHeaders: ${JSON.stringify(headers, null, 2)},`],
    ];
  }

  async #copy(title, code) {
    try {
      await navigator.clipboard.writeText(code.textContent);
      setText(at("hand-on-told"), `${title} copied.`);
    } catch {
      // Off loopback, plain HTTP has no clipboard.
      getSelection().selectAllChildren(code);
      setText(at("hand-on-told"), "It is selected: copy it with the keyboard.");
    }
  }
}
