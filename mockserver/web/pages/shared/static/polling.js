// Asking again and again, while somebody looks.

/** Calls `act` every `seconds`, not before the last call has ended; not while hidden, paused, or held by a dialog. */
export class Polling {
  #act;
  #milliseconds;
  #timer = 0;
  #busy = false;
  #again = false;
  #holds = 0;
  paused = false;

  constructor(act, seconds) {
    this.#act = act;
    this.#milliseconds = seconds * 1000;
    document.addEventListener("visibilitychange", () => this.#resume());
  }

  /** Act now, or once more when what is under way has ended, and go on from there. */
  async now() {
    clearTimeout(this.#timer);
    this.#again = this.#busy;
    if (this.#busy) return;
    this.#busy = true;
    try {
      do {
        this.#again = false;
        await this.#act();
      } while (this.#again);
    } finally {
      this.#busy = false;
      this.#next();
    }
  }

  pause() {
    this.paused = true;
    clearTimeout(this.#timer);
  }

  resume() {
    this.paused = false;
    this.#resume();
  }

  /** Hold still until the function that this gives is called. */
  hold() {
    this.#holds += 1;
    clearTimeout(this.#timer);
    return () => {
      this.#holds -= 1;
      this.#next();
    };
  }

  get #still() {
    return this.paused || this.#holds > 0 || document.hidden;
  }

  #next() {
    clearTimeout(this.#timer);
    if (!this.#still && !this.#busy) this.#timer = setTimeout(() => this.now(), this.#milliseconds);
  }

  #resume() {
    if (this.#still) clearTimeout(this.#timer);
    else this.now();
  }
}
