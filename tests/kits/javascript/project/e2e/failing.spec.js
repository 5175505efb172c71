// Tests that fail on purpose: what they leave is judged by the test that runs them.
import { expect, test } from "mockserver-kit/playwright";

test("fails by itself", async ({ request, mock }) => {
  await request.post("/admin/jobs/job-7/retry");
  await mock.override("getJob", { status: 503 });
  expect((await mock.clock()).mode).toBe("real");
});

test("requests an unknown path", async ({ request }) => {
  await request.get(`${process.env.MOCKSERVER_URL}/admin/job`);
});

test("never uses an override", async ({ mock }) => {
  await mock.override("getJob", { status: 503 });
});

test.describe("without a verdict", () => {
  test.use({ mockVerdict: false });
  test("requests an unknown path and passes", async ({ request }) => {
    await request.get(`${process.env.MOCKSERVER_URL}/admin/job`);
  });
});

test("is skipped", async ({ mock }) => {
  await mock.override("getJob", { status: 503 });
  test.skip();
});

test.describe("with a second attempt", () => {
  test.describe.configure({ retries: 1 });
  test("passes in its second attempt", async ({ request, mock }, testInfo) => {
    expect((await mock.requests()).length).toBe(0);
    const response = await request.post("/admin/jobs/job-7/retry");
    expect((await response.json()).status).toBe(testInfo.retry ? "queued" : "running");
  });
});

test("is expected to fail", async ({ mock }) => {
  test.fail();
  await mock.override("getJob", { status: 503 });
  await mock.scenario("no-such-scenario");
});
