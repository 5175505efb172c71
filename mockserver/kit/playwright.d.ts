import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from "@playwright/test";
import type { Client } from "./client.js";

export { expect } from "@playwright/test";

/** Options for `use` in the configuration and for `test.use`. */
export interface MockOptions {
  /** The address of the mock server; by default `MOCKSERVER_URL` of the environment, or http://127.0.0.1:4080. */
  mockUrl: string;
  /** The active scenario of the test's sandbox. */
  mockScenario: string | undefined;
  /** Whether the verdict at the end of a test can fail it; true. */
  mockVerdict: boolean;
  /** Codes of refusals that the test provokes on purpose, such as `invalid-request`. */
  mockAllow: string[];
}

export interface MockFixtures {
  /** The mock server, in the sandbox of this test. */
  mock: Client;
}

export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & MockOptions & MockFixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions
>;
