// The run as a whole: reset, and download as a scenario file.
import { byId, make } from "../shared/dom.js";
import { send } from "./control_api.js";
import { on, write } from "./elements.js";

/** Make the buttons reset and download the run. @param {Polling} polling */
export function setUpRun(polling) {
  on("reset-run", "click", () =>
    reset("run", "Its records, overrides and clock go back to the start. The journal stays."),
  );
  on("reset-sandbox", "click", () =>
    reset("sandbox", "All its runs, its active scenario and its journal go back to the start."),
  );
  on("download", "click", download);

  /** @param {"run" | "sandbox"} scope @param {string} consequences */
  async function reset(scope, consequences) {
    if (!(await confirm(polling, `Reset this ${scope}?`, consequences, "Reset"))) return;
    if (!(await send("run-status", "POST", "/__mock/reset", { scope }))) return;
    write("run-status", `The ${scope} was reset.`);
    polling.now();
  }
}

/** Ask, with polling on hold; whether the answer was `yes`. @type {Confirm} */
function confirm(polling, title, text, yes) {
  const dialog = byId("ask");
  write("ask-title", title);
  write("ask-text", text);
  write("ask-yes", yes);
  const release = polling.hold();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const finish = () => {
      release();
      resolve(dialog.returnValue === "yes");
    };
    dialog.addEventListener("close", finish, { once: true });
  });
}

/** The file name of a Content-Disposition, which has one of two forms (RFC 6266). @param {string} disposition */
function fileName(disposition) {
  const [, plain, encoded = ""] = /filename="(.*)"|filename\*=UTF-8''(.*)/.exec(disposition) || [];
  return plain || decodeURIComponent(encoded);
}

async function download() {
  const headers = { Accept: "application/yaml, application/problem+json" };
  const response = await send("run-status", "GET", "/__mock/recording", undefined, headers);
  if (!response) return;
  const name = fileName(response.headers.get("Content-Disposition") || "");
  const address = URL.createObjectURL(new Blob([response.body], { type: "application/yaml" }));
  make("a", { href: address, download: name }).click();
  // The download has started by then.
  setTimeout(() => URL.revokeObjectURL(address), 0);
  byId("run-status").replaceChildren(
    make("p", "Serve it with ", make("code", `mockserver serve --scenario ${name}`)),
  );
}
