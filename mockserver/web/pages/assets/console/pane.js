// The pane beside a list, which shows the selected item in full.
import { byId, setText } from "../shared/dom.js";

/** The pane; `selected` identifies the item, and is null if there is none. @type {MakePane} */
export function makePane(id, onClose) {
  const place = byId(id);
  const [title, button] = /** @type {any} */ (place.querySelectorAll("h3, .close"));
  const pane = { selected: null, title, setTitle };
  button.addEventListener("click", close);
  place.addEventListener("keydown", (/** @type {any} */ event) => {
    if (event.key === "Escape") close();
  });
  return pane;

  function close() {
    const { selected } = pane;
    pane.selected = null;
    if (selected !== null) onClose(selected);
  }

  /** Set the title; the close button needs a selected item. @param {string} text */
  function setTitle(text) {
    setText(title, text);
    button.hidden = pane.selected === null;
  }
}
