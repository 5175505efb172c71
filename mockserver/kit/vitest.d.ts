import type { TestAPI } from "vitest";
import type { Client } from "./client.js";

export interface MockFixtures {
  /** The address of the mock server; by default `MOCKSERVER_URL` of the environment, or http://127.0.0.1:4080. */
  mockUrl: string;
  /** The active scenario of the test's sandbox. */
  mockScenario: string | undefined;
  /** Whether the verdict at the end of a test can fail it; true. */
  mockVerdict: boolean;
  /** Codes of refusals that the test provokes on purpose, such as `invalid-request`. */
  mockAllow: string[];
  /** The mock server, in the sandbox of this test. */
  mock: Client;
}

/** Set the options with `test.scoped({mockUrl: …})`. */
export const test: TestAPI<MockFixtures>;
