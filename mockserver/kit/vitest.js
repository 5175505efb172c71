// Vitest's `test` with a sandbox of the mock server for each attempt of each test.

import { test as base } from "vitest";
import { Client } from "./client.js";
import { describeEntry } from "./reports.js";
import { DEFAULT_URL, sandboxName } from "./selection.js";

export const test = base.extend({
  mockUrl: globalThis.process?.env?.MOCKSERVER_URL || DEFAULT_URL,
  mockScenario: undefined,
  mockVerdict: true,
  mockAllow: [],

  mock: async ({ task, mockUrl, mockScenario, mockVerdict, mockAllow }, use) => {
    const { retryCount = 0, repeatCount = 0 } = task.result ?? {};
    const words = [task.name, repeatCount && `repeat${repeatCount}`, retryCount && `retry${retryCount}`];
    const mock = new Client(mockUrl, { sandbox: sandboxName(...words) });
    if (mockScenario !== undefined) await mock.scenario(mockScenario);
    await use(mock);
    try {
      if (task.result?.state === "fail") await report(task.name, mock);
      else if (mockVerdict && !task.result?.pending) await mock.verdict({ allow: mockAllow });
    } finally {
      await mock.delete();
    }
  },
});

/** Show what a failed test has requested; Vitest takes no more annotations when a test has ended. @param {string} name @param {Client} mock */
async function report(name, mock) {
  const requests = await mock.requests();
  const lines = requests.toReversed().flatMap(describeEntry);
  console.error([`Requests of "${name}" to the mock server:`, ...lines].join("\n"));
}
