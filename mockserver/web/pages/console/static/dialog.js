// A question before something that cannot be taken back.
import { setText } from "../shared/dom.js";

const at = (id) => document.getElementById(id);

/** Ask; whether the answer was yes. What is shown stays as it is meanwhile. */
export function ask(polling, title, text, yes) {
  const dialog = at("ask");
  setText(at("ask-title"), title);
  setText(at("ask-text"), text);
  setText(at("ask-yes"), yes);
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
