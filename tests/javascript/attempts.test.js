import { json, respondWith, settle } from "./browser.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAttempts } from "../../mockserver/web/pages/assets/tutoring/attempts.js";
import { offeredActions } from "../../mockserver/web/pages/assets/tutoring/controls.js";

const JOB = { id: "job-1", status: "queued" };
const keys = (requests) => requests.map(({ headers }) => headers["Idempotency-Key"]);

test("a success returns the changed job and leaves no attempt", async () => {
  const attempts = makeAttempts(() => {});
  const requests = respondWith(json(JOB));
  assert.deepEqual(await attempts.run("job-1", "retry"), JOB);
  assert.equal(attempts.of("job-1"), undefined);
  assert.deepEqual([requests[0].method, requests[0].address], ["POST", "/admin/jobs/job-1/retry"]);
  assert.match(keys(requests)[0], /^[0-9a-f]{32}$/);
});

test("a failure stays until it is dismissed", async () => {
  let changes = 0;
  const attempts = makeAttempts(() => (changes += 1));
  respondWith(json({ detail: "Later." }, 503));
  assert.equal(await attempts.run("job-1", "retry"), null);
  assert.equal(attempts.of("job-1").problem.message, "Later.");
  assert.deepEqual(attempts.failed(), ["job-1"]);
  attempts.dismiss("job-1");
  assert.deepEqual(attempts.failed(), []);
  assert.equal(changes, 2);
});

for (const [status, code, isRepeated] of [
  [503, "", true], [408, "", true], [429, "", true], [409, "idempotency-in-flight", true],
  [409, "transition-not-allowed", false], [404, "", false],
]) {
  test(`after ${status} ${code} the key is ${isRepeated ? "the same" : "another one"}`, async () => {
    const attempts = makeAttempts(() => {});
    const requests = respondWith(json({ code }, status), json(JOB));
    await attempts.run("job-1", "retry");
    await attempts.run("job-1", "retry");
    assert.equal(keys(requests)[0] === keys(requests)[1], isRepeated);
  });
}

test("after a lost response the key is the same", async () => {
  const attempts = makeAttempts(() => {});
  const lost = () => {
    throw new TypeError("lost");
  };
  const requests = respondWith(lost, json(JOB));
  await attempts.run("job-1", "cancel");
  await attempts.run("job-1", "cancel");
  assert.equal(keys(requests)[0], keys(requests)[1]);
});

test("another action has another key", async () => {
  const attempts = makeAttempts(() => {});
  const requests = respondWith(json({}, 503), json(JOB));
  await attempts.run("job-1", "retry");
  await attempts.run("job-1", "cancel");
  assert.notEqual(keys(requests)[0], keys(requests)[1]);
});

test("an attempt in progress is neither repeated nor dismissed", async () => {
  const attempts = makeAttempts(() => {});
  let finish;
  const requests = respondWith(() => new Promise((resolve) => (finish = resolve)));
  const running = attempts.run("job-1", "retry");
  await settle();
  assert.equal(await attempts.run("job-1", "retry"), null);
  attempts.dismiss("job-1");
  assert.equal(attempts.of("job-1").isBusy, true);
  finish(json(JOB));
  assert.deepEqual(await running, JOB);
  assert.equal(requests.length, 1);
});

const rules = { actions: { retry: ["failed"], cancel: ["queued", "running"] } };

test("the actions that a status allows are offered", () => {
  assert.deepEqual(offeredActions({ status: "failed" }, undefined, rules), ["retry"]);
  assert.deepEqual(offeredActions({ status: "queued" }, undefined, rules), ["cancel"]);
  assert.deepEqual(offeredActions({ status: "succeeded" }, undefined, rules), []);
});

test("an action in progress stays offered when the status no longer allows it", () => {
  const attempt = { action: "retry", isBusy: true };
  assert.deepEqual(offeredActions({ status: "queued" }, attempt, rules), ["retry", "cancel"]);
  assert.deepEqual(offeredActions({ status: "queued" }, { ...attempt, isBusy: false }, rules), ["cancel"]);
});
