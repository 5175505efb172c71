// Retries and cancellations that are under way, or that went wrong.

import { Refused } from "../shared/client.js";
import { act } from "./jobs.js";

/** The attempts by job: `{action, key, busy, problem, repeatable}`. A failed one stays until repeated or dismissed. */
export class Attempts {
  #known = new Map();
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  /** The attempt on this job, if there is one. */
  of(id) {
    return this.#known.get(id);
  }

  /** Every job whose last attempt went wrong. */
  get failed() {
    return [...this.#known].filter(([, attempt]) => attempt.problem).map(([id]) => id);
  }

  /** Forget what went wrong with this job. */
  dismiss(id) {
    if (this.#known.get(id)?.busy) return;
    this.#known.delete(id);
    this.#changed();
  }

  /** Do it: the job as the server answers it, or null where it went wrong. Repeating a failed one keeps its key. */
  async run(id, action) {
    const last = this.#known.get(id);
    if (last?.busy) return null;
    const key = last?.repeatable && last.action === action ? last.key : newKey();
    const attempt = { action, key, busy: true, problem: null, repeatable: false };
    this.#known.set(id, attempt);
    this.#changed();
    try {
      const job = await act(id, action, key);
      this.#known.delete(id);
      return job;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      Object.assign(attempt, { busy: false, problem: error, repeatable: isRepeatable(error) });
      return null;
    }
  }
}

/** Whether the server has not decided: nothing came, it could not, or it is still at the first one. */
function isRepeatable({ status, code }) {
  return status === 0 || status === 408 || status === 429 || status >= 500 || code === "idempotency-in-flight";
}

// randomUUID is missing where a page comes over plain HTTP from another machine.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
