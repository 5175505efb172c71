// What leads others to where this browser is: an address, a command, headers.
import { at } from "../shared/dom.js";
import { say } from "./page.js";

// As a shell takes it.
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

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
    for (const button of document.querySelectorAll("[data-copies]")) {
      button.addEventListener("click", () => this.#copy(at(button.dataset.copies)));
    }
  }

  #open(scenario) {
    const { mount, sample } = this.#data;
    const base = location.origin + mount;
    const query = new URLSearchParams({ __scenario: scenario, __sandbox: this.#browser.sandbox });
    const headers = { "X-Mock-Scenario": scenario, "X-Mock-Sandbox": this.#browser.sandbox };
    const flags = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
    say("hand-on-title", `Use “${scenario}” elsewhere`);
    say("hand-on-told", "");
    say("copy-link", `${base}/__mock/?${query}`);
    say("copy-curl", `curl ${flags.join(" ")} ${quoted(base + sample)}`);
    say("copy-headers", `extraHTTPHeaders: ${JSON.stringify(headers, null, 2)},`);
    at("hand-on").showModal();
  }

  async #copy(code) {
    try {
      await navigator.clipboard.writeText(code.textContent);
      say("hand-on-told", "Copied.");
    } catch {
      // Off loopback, plain HTTP has no clipboard.
      getSelection().selectAllChildren(code);
      say("hand-on-told", "It is selected: copy it with the keyboard.");
    }
  }
}
