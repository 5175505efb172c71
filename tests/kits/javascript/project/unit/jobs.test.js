import { describe, expect } from "vitest";
import { test } from "mockserver-kit/vitest";

const names = [];

for (let number = 1; number <= 3; number += 1) {
  test.concurrent(`test ${number} retries the job that every test retries`, async ({ mock }) => {
    names.push(mock.sandbox);
    const before = await (await mock.fetch("/admin/jobs/job-7")).json();
    const after = await (await fetch(`${mock.url}/admin/jobs/job-7/retry`, { method: "POST" })).json();
    expect([before.status, after.status]).toEqual(["failed", "queued"]);
    await mock.verify({ operation: "retryJob", times: 1 });
  });
}

test("every test had a sandbox of its own", () => {
  expect(new Set(names).size).toBe(3);
});

test("a retry has a sandbox of its own", { retry: 1 }, async ({ mock, task }) => {
  expect(await mock.requests()).toEqual([]);
  await mock.fetch("/admin/jobs/job-7/retry", { method: "POST" });
  expect(task.result.retryCount).toBe(1);
});

test("the clock is moved, and nobody waits", async ({ mock }) => {
  await mock.scenario("fails-then-recovers");
  expect((await mock.advance("6s")).fired).toHaveLength(3);
});

describe("with options", () => {
  test.scoped({ mockScenario: "empty", mockVerdict: false });

  test("a test has its scenario and no verdict", async ({ mock }) => {
    expect((await (await mock.fetch("/admin/jobs")).json()).total).toBe(0);
    await mock.fetch("/admin/job");
  });
});

describe("with codes that are allowed", () => {
  test.scoped({ mockAllow: ["invalid-request"] });

  test("a request may violate the contract on purpose", async ({ mock }) => {
    expect((await mock.fetch("/admin/jobs?limit=0")).status).toBe(422);
  });
});

describe("with an address", () => {
  test.scoped({ mockUrl: process.env.MOCKSERVER_URL.replace("127.0.0.1", "localhost") });

  test("a test uses that server", async ({ mock }) => {
    expect(mock.url).toMatch(/^http:\/\/localhost:\d+\/__mock\/in\//);
  });
});
