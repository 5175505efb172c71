// The pane beside a list, which shows what was chosen there in full.
import { at, setText } from "../shared/dom.js";

/** The pane `id`; `closed` is called with what was chosen when it is closed. `chosen` is null where nothing is. */
export class Pane {
  #place;
  chosen = null;

  constructor(id, closed) {
    this.#place = at(id);
    const close = () => {
      const { chosen } = this;
      this.chosen = null;
      if (chosen !== null) closed(chosen);
    };
    this.#place.querySelector(".close").addEventListener("click", close);
    this.#place.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
  }

  /** Give it a title, and a way to close it where something is chosen. */
  head(title) {
    setText(this.title, title);
    this.#place.querySelector(".close").hidden = this.chosen === null;
  }

  get title() {
    return this.#place.querySelector("h3");
  }
}
