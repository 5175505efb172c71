// Tests that fail on purpose: what they leave is judged by the test that runs them.
import { expect } from "vitest";
import { test } from "mockserver-kit/vitest";

test("fails by itself", async ({ mock }) => {
  await mock.fetch("/admin/jobs/job-7/retry", { method: "POST" });
  await mock.fetch("/admin/job");
  expect((await mock.clock()).mode).toBe("real");
});

test("requests an unknown path", async ({ mock }) => {
  await mock.fetch("/admin/job");
});

test("is skipped", async ({ mock, skip }) => {
  await mock.fetch("/admin/job");
  skip();
});
