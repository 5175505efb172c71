// What the scripts under test need of a browser. Import it first: some of them read the page when they are loaded.

import { webcrypto } from "node:crypto";

const element = { textContent: "", dataset: { root: "" }, addEventListener() {} };
const listeners = [];

globalThis.document = {
  documentElement: element,
  hidden: false,
  getElementById: () => element,
  addEventListener: (name, listener) => listeners.push(listener),
};
globalThis.crypto ??= webcrypto; // Node 18 has no global one.
globalThis.location = { pathname: "/admin/queue" };

/** Hide or show the tab. */
export function setHidden(hidden) {
  document.hidden = hidden;
  for (const listener of listeners) listener();
}

/** Make `fetch` return these responses in turn, and return the list of requests. A function is called, and may throw. */
export function respondWith(...responses) {
  const requests = [];
  globalThis.fetch = async (address, options) => {
    requests.push({ address, ...options });
    const response = responses.shift();
    return typeof response === "function" ? response(options) : response;
  };
  return requests;
}

/** A response with a JSON body. */
export function json(body, status = 200, type = "application/json") {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": type } });
}

/** Replace the timers by ones that only `advance` moves. */
export function fakeTimers(test) {
  const { setTimeout, clearTimeout } = globalThis;
  test.after(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
  let now = 0;
  let last = 0;
  const timers = new Map();
  globalThis.setTimeout = (act, milliseconds = 0) => {
    last += 1;
    timers.set(last, { act, at: now + milliseconds });
    return last;
  };
  globalThis.clearTimeout = (number) => timers.delete(number);
  return {
    async advance(milliseconds) {
      now += milliseconds;
      for (const [number, { act, at }] of [...timers]) {
        if (at > now) continue;
        timers.delete(number);
        act();
      }
      await settle();
    },
  };
}

/** Let promises that are ready continue. */
export async function settle() {
  for (let turn = 0; turn < 20; turn += 1) await null;
}
