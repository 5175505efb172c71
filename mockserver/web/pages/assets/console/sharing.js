// Addresses, commands and headers that lead to this browser's sandbox.
import { all, byId } from "../shared/dom.js";
import { write } from "./elements.js";
import { selection } from "./selection.js";

// As a shell reads it.
const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The texts to copy; `path` is that of an operation. @type {SharedTexts} */
export function sharedTexts(scenario, sandbox, base, path) {
  const query = new URLSearchParams({ __scenario: scenario, __sandbox: sandbox });
  const headers = { "X-Mock-Scenario": scenario, "X-Mock-Sandbox": sandbox };
  const flags = Object.entries(headers).map((header) => `-H ${quote(header.join(": "))}`);
  return {
    link: `${base}/__mock/?${query}`,
    curl: `curl ${flags.join(" ")} ${quote(base + path)}`,
    headers: `extraHTTPHeaders: ${JSON.stringify(headers, null, 2)},`,
  };
}

/** Make each scenario's copy button open a dialog. @param {{mount: string, sample: string}} page */
export function setUpSharing({ mount, sample }) {
  for (const button of all(".share")) {
    const { scenario } = button.closest("[data-scenario]").dataset;
    button.addEventListener("click", () => {
      const texts = sharedTexts(scenario, selection.sandbox, location.origin + mount, sample);
      write("share-title", `Use “${scenario}” elsewhere`);
      write("share-status", "");
      write("copy-link", texts.link);
      write("copy-curl", texts.curl);
      write("copy-headers", texts.headers);
      byId("share").showModal();
    });
  }
  for (const button of all("[data-copy]")) button.addEventListener("click", () => copy(button.dataset.copy));
}

/** @param {"copy-link" | "copy-curl" | "copy-headers"} id */
async function copy(id) {
  try {
    await navigator.clipboard.writeText(byId(id).textContent);
    write("share-status", "Copied.");
  } catch {
    // Browsers offer no clipboard on plain HTTP from another machine.
    getSelection()?.selectAllChildren(byId(id));
    write("share-status", "The text is selected: copy it with the keyboard.");
  }
}
