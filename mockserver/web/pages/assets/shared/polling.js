// Polling while the page is visible.

/** Calls `poll` every `seconds`, counted from the end of the last call; not while hidden, paused or on hold. */
export class Polling {
  #poll;
  #milliseconds;
  #timer = 0;
  #isBusy = false;
  #isRepeated = false;
  #holds = 0;
  isPaused = false;

  /** @param {() => unknown} poll @param {number} seconds */
  constructor(poll, seconds) {
    this.#poll = poll;
    this.#milliseconds = seconds * 1000;
    document.addEventListener("visibilitychange", () => this.#update());
  }

  /** Poll now, or once more when the present call has ended, and continue from there. */
  async now() {
    clearTimeout(this.#timer);
    this.#isRepeated = this.#isBusy;
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      do {
        this.#isRepeated = false;
        await this.#poll();
      } while (this.#isRepeated);
    } finally {
      this.#isBusy = false;
      this.#schedule();
    }
  }

  togglePause() {
    this.isPaused = !this.isPaused;
    this.#update();
  }

  /** Stop polling until the returned function is called. */
  hold() {
    this.#holds += 1;
    clearTimeout(this.#timer);
    return () => {
      this.#holds -= 1;
      this.#schedule();
    };
  }

  get #isStopped() {
    return this.isPaused || this.#holds > 0 || document.hidden;
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (!this.#isStopped && !this.#isBusy) this.#timer = setTimeout(() => this.now(), this.#milliseconds);
  }

  #update() {
    if (this.#isStopped) clearTimeout(this.#timer);
    else this.now();
  }
}
