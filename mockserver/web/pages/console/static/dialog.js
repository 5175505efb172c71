// A question before something that cannot be taken back.
import { at } from "../shared/dom.js";
import { say } from "./page.js";

/** Ask; whether the answer was yes. What is shown stays as it is meanwhile. */
export function ask(polling, title, text, yes) {
  const dialog = at("ask");
  say("ask-title", title);
  say("ask-text", text);
  say("ask-yes", yes);
  const release = polling.hold();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      release();
      resolve(dialog.returnValue === "yes");
    };
    dialog.addEventListener("close", closed, { once: true });
  });
}
