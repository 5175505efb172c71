// Polling while the page is visible, or, where there is a stream, whenever an event comes.

import { root } from "./client.js";

// The states of an EventSource.
const OPEN = 1;
const CLOSED = 2;
/** After how many milliseconds a stream that was refused is opened again. */
const REFUSED = 30_000;
/** For how many milliseconds events are collected before the page polls once for all of them. */
const COLLECTED = 50;

/**
 * Calls `poll` every `seconds`, counted from the end of the last call; not while hidden, paused or on hold.
 *
 * With a `stream` of events that is open, it is called only when an event comes. The stream is closed while the page is
 * hidden or paused: browsers allow six connections to a server.
 */
export class Polling {
  #poll;
  #milliseconds;
  #stream;
  /** @type {?EventSource} */
  #source = null;
  #openAgainAt = 0;
  #timer = 0;
  #isBusy = false;
  #isRepeated = false;
  #isOutdated = false;
  #holds = 0;
  isPaused = false;

  /** @param {() => unknown} poll @param {number} seconds @param {?{path: string, events: string[]}} stream */
  constructor(poll, seconds, stream = null) {
    this.#poll = poll;
    this.#milliseconds = seconds * 1000;
    this.#stream = stream;
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
        this.#isRepeated = this.#isOutdated = false;
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

  get #isStreaming() {
    return this.#source?.readyState === OPEN;
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (this.#isStopped || this.#isBusy) return;
    this.#open();
    const milliseconds = this.#isOutdated ? COLLECTED : this.#milliseconds;
    if (this.#isOutdated || !this.#isStreaming) this.#timer = setTimeout(() => this.now(), milliseconds);
  }

  #update() {
    if (!this.#isStopped) {
      this.now();
      return;
    }
    clearTimeout(this.#timer);
    if (this.isPaused || document.hidden) this.#close();
  }

  #open() {
    if (!this.#stream || this.#source || Date.now() < this.#openAgainAt) return;
    this.#source = new EventSource(root + this.#stream.path);
    const take = () => {
      this.#isOutdated = true;
      this.#schedule();
    };
    for (const name of ["ready", "reset", ...this.#stream.events]) this.#source.addEventListener(name, take);
    this.#source.addEventListener("error", () => {
      if (this.#source?.readyState === CLOSED) {
        this.#source = null;
        this.#openAgainAt = Date.now() + REFUSED;
      }
      this.#schedule();
    });
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }
}
