// Retries and cancellations that are in progress or have failed.

import { RequestError } from "../shared/client.js";
import { act } from "./api.js";

/** The latest attempt by job. A failed one stays until it is repeated or dismissed. @type {MakeAttempts} */
export function makeAttempts(onChange) {
  /** @type {Map<string, Attempt>} */
  const attempts = new Map();
  return {
    of: (id) => attempts.get(id),
    failed: () => [...attempts.keys()].filter((id) => attempts.get(id)?.problem),

    dismiss(id) {
      if (attempts.get(id)?.isBusy) return;
      attempts.delete(id);
      onChange();
    },

    async run(id, action) {
      const last = attempts.get(id);
      if (last?.isBusy) return null;
      const key = last?.isRepeatable && last.action === action ? last.key : newKey();
      /** @type {Attempt} */
      const attempt = { action, key, isBusy: true, problem: null, isRepeatable: false };
      attempts.set(id, attempt);
      onChange();
      try {
        const job = await act(id, action, key);
        attempts.delete(id);
        return job;
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        Object.assign(attempt, { isBusy: false, problem: error, isRepeatable: isRepeatable(error) });
        return null;
      }
    },
  };
}

/** Whether the server may not have decided, or is still busy with the first request. @param {RequestError} error */
function isRepeatable({ status, code }) {
  return status === 0 || status === 408 || status === 429 || status >= 500 || code === "idempotency-in-flight";
}

// Not randomUUID: browsers lack it on plain HTTP from another machine.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
