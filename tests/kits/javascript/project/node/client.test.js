import assert from "node:assert/strict";
import { createServer } from "node:http";
import { afterEach, beforeEach, test } from "node:test";
import { Client, MockError, VerdictFailed } from "mockserver-kit";

const { MOCKSERVER_URL } = process.env;
let number = 0;
/** @type {Client} */
let mock;

beforeEach(() => {
  number += 1;
  mock = new Client(`${MOCKSERVER_URL}/`, { sandbox: `client-${number}` });
});
afterEach(() => mock.delete());

/** The error that a promise is rejected with. */
async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail("no error");
}

/** Use a server with one response for every request. */
async function withServer(headers, body, use, status = 200) {
  const server = createServer((request, response) => response.writeHead(status, headers).end(body));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("url and headers select the sandbox", async () => {
  assert.equal(mock.url, `${MOCKSERVER_URL}/__mock/in/client-${number}`);
  assert.deepEqual(mock.headers, { "X-Mock-Sandbox": `client-${number}` });
  const response = await fetch(`${mock.url}/admin/jobs`);
  assert.equal(response.headers.get("X-Mock-Sandbox"), mock.sandbox);
});

test("without a sandbox, nothing is selected", () => {
  const client = new Client(new URL(MOCKSERVER_URL));
  assert.deepEqual([client.url, client.headers, client.sandbox], [MOCKSERVER_URL, {}, undefined]);
});

test("fetch requests a path of the API in the sandbox", async () => {
  const response = await mock.fetch("/admin/jobs/job-7", { headers: { Accept: "application/json" } });
  assert.equal(response.headers.get("X-Mock-Sandbox"), mock.sandbox);
  assert.equal((await response.json()).status, "failed");
});

test("scenario makes one the active scenario", async () => {
  assert.equal((await mock.scenario("empty")).scenario, "empty");
  assert.equal((await (await mock.fetch("/admin/jobs")).json()).total, 0);
});

test("an unknown scenario throws at once", async () => {
  const error = await failure(mock.scenario("emty"));
  assert.ok(error instanceof MockError && !(error instanceof VerdictFailed));
  assert.deepEqual([error.name, error.status, error.code, error.problem.code],
    ["MockError", 422, "unknown-scenario", "unknown-scenario"]);
  assert.match(error.message, /^unknown-scenario \(422\): .*emty/);
  assert.deepEqual(error.problem.did_you_mean, ["empty"]);
});

test("put, fire, state and reset change and show the records", async () => {
  const { records: { jobs: [job] }, totals } = await mock.state({ resource: "jobs", limit: 1 });
  const record = { ...job, id: "job 1/2", status: "queued" };
  assert.deepEqual(await mock.put("jobs", "job 1/2", record), record);
  assert.equal((await mock.fire("jobs", "job 1/2", "start")).status, "running");
  assert.equal((await mock.state()).totals.jobs, totals.jobs + 1);
  assert.deepEqual([(await mock.reset()).revision, (await mock.state()).totals.jobs], [0, totals.jobs]);
});

test("a record that violates the contract is reported with its violations", async () => {
  const error = await failure(mock.put("jobs", "job-7", { status: "lost" }));
  assert.match(error.message, /^invalid-record \(\d+\): [^]*Violations:\n {4}body/);
});

test("the clock moves forward and back", async () => {
  await mock.scenario("fails-then-recovers");
  const { now, mode } = await mock.clock();
  assert.equal(mode, "manual");
  assert.equal((await mock.advance("6s")).fired.length, 3);
  assert.equal((await mock.rewind("6s")).now, now);
  const later = new Date(Date.parse(now) + 1_000);
  assert.equal((await mock.setClock(later)).now, later.toISOString());
  assert.equal((await mock.setClock(now)).now, now);
  const next = await mock.advance("next");
  assert.equal(next.now, next.fired[0].at);
});

test("undo removes the last change", async () => {
  await mock.fetch("/admin/jobs/job-7/retry", { method: "POST" });
  await mock.undo();
  assert.equal((await (await mock.fetch("/admin/jobs/job-7")).json()).status, "failed");
});

test("override returns the id, and the override responds", async () => {
  const id = await mock.override("getJob", { where: { job_id: "job-7" }, status: 503, times: 1 });
  const statuses = [(await mock.fetch("/admin/jobs/job-7")).status, (await mock.fetch("/admin/jobs/job-7")).status];
  const entries = await mock.requests({ status: ["503", 200], brief: true });
  assert.deepEqual([statuses, entries.map((entry) => entry.override)], [[503, 200], [undefined, id]]);
});

test("requests filters the journal", async () => {
  await mock.fetch("/admin/jobs/job-7?");
  await mock.fetch("/admin/job");
  assert.deepEqual((await mock.requests()).map((entry) => entry.path), ["/admin/job", "/admin/jobs/job-7"]);
  assert.deepEqual((await mock.requests({ unmatched: true })).map((entry) => entry.path), ["/admin/job"]);
  assert.deepEqual((await mock.requests({ operation: ["getJob", "retryJob"] })).map((entry) => entry.status), [200]);
});

test("waitFor returns the entries as soon as they have come", async () => {
  const waiting = mock.waitFor("getJob", { times: 2, status: 200 });
  await mock.fetch("/admin/jobs/job-1");
  await mock.fetch("/admin/jobs/job-2");
  assert.deepEqual((await waiting).map((entry) => entry.path), ["/admin/jobs/job-2", "/admin/jobs/job-1"]);
});

test("waitFor reports what came instead", async () => {
  await mock.fetch("/admin/jobs?limit=1");
  const error = await failure(mock.waitFor("getJob", { timeout: 1 }));
  assert.deepEqual([error.status, error.code], [408, "wait-timeout"]);
  assert.match(error.message, /The latest requests:\n {4}#1 GET \/admin\/jobs\?limit=1 · 200 · listJobs$/);
});

test("waitForDeliveries reports that there is none", async () => {
  const error = await failure(mock.waitForDeliveries({ status: "delivered", times: 2, timeout: 1 }));
  assert.deepEqual([error.status, error.code, error.problem.times], [408, "wait-timeout", 2]);
  assert.deepEqual(await mock.deliveries({ status: ["failed", "pending"], attempts: 1 }), []);
});

test("verify passes if the expectations hold", async () => {
  await mock.fetch("/admin/jobs/job-7/retry", { method: "POST" });
  await mock.fetch("/admin/jobs/job-7");
  await mock.verify({ operation: "retryJob", where: { job_id: "job-7" }, times: 1 });
  await mock.verify([{ operation: "retryJob" }, { operation: "getJob", times: { at_least: 1 } }], { inOrder: true });
});

test("verify reports each expectation that fails, and what came closest", async () => {
  await mock.fetch("/admin/jobs/job-6");
  const error = await failure(mock.verify([{ operation: "getJob" }, { operation: "getJob", where: { job_id: "job-7" } }]));
  assert.deepEqual([error.status, error.code], [409, "verify-failed"]);
  assert.match(error.message, /\n {2}\{"operation":"getJob","where":\{"job_id":"job-7"\}.*\}: 0 received\n {4}closest: #1 GET/);
  assert.match(error.message, /\n {6}where job_id: expected "job-7", came "job-6"$/m);
  assert.equal(error.message.match(/ received/g).length, 1);
});

test("verdict passes if the contract was kept", async () => {
  await mock.fetch("/admin/jobs");
  await mock.verdict();
});

test("verdict reports requests and overrides", async () => {
  await mock.fetch("/admin/job");
  await mock.override("getJob", { status: 503 });
  const error = await failure(mock.verdict());
  assert.ok(error instanceof VerdictFailed && error instanceof MockError);
  assert.deepEqual([error.name, error.status, error.code], ["VerdictFailed", 409, "verdict-failed"]);
  assert.match(error.message, /Requests that matched no operation:\n {4}#1 GET \/admin\/job · 404 · unknown-path\n {6}similar: listJobs/);
  assert.match(error.message, /never used:\n {4}override-1 of getJob in the scenario baseline: {"status":503}$/);
});

test("verdict allows codes of refusals", async () => {
  await mock.fetch("/admin/jobs?limit=0");
  assert.match((await failure(mock.verdict())).message, /violated the contract:\n {4}#1 GET \/admin\/jobs\?limit=0 · 422 · listJobs · invalid-request/);
  await mock.verdict({ allow: ["invalid-request"] });
});

test("verdict says how a refusal is allowed", async () => {
  await mock.fetch("/admin/jobs?limit=0");
  assert.match((await failure(mock.verdict())).message, /\n {6}if the test does this on purpose: mockAllow: \["invalid-request"\]/);
});

test("recording is a scenario file", async () => {
  await mock.fetch("/admin/jobs/job-7/retry", { method: "POST" });
  assert.match(await mock.recording(), /\nsummary: Recorded from baseline [^]*transition: retry/);
});

test("delete removes the sandbox", async () => {
  await mock.fetch("/admin/jobs/job-7/retry", { method: "POST" });
  assert.equal(await mock.delete(), undefined);
  assert.equal((await (await mock.fetch("/admin/jobs/job-7")).json()).status, "failed");
});

test("the whole control API can be called", async () => {
  assert.equal((await mock.health()).status, "ok");
  await mock.scenario("empty");
  assert.equal((await mock.scenarios()).active, "empty");
  assert.equal(await mock.clearScenario(), undefined);
  assert.equal((await mock.scenarios()).active, null);
  await mock.put("courses", "new", { title: "New" });
  assert.equal(await mock.remove("courses", "new"), undefined);
  assert.equal((await mock.clockMode("real", { speed: 10 })).speed, 10);
  assert.equal((await mock.reset("run")).revision, 0);
  assert.ok((await mock.sandboxes()).some(({ name }) => name === mock.sandbox));
  const id = await mock.override("getJob", { status: 503 });
  assert.deepEqual(await mock.overrides(), [{ id, used: 0, operation: "getJob", status: 503 }]);
  await mock.removeOverride(id);
  assert.equal((await mock.addOverrides({ operation: "getJob", status: 503 }, { operation: "getJob", status: 429 })).length, 2);
  await mock.clearOverrides();
  await mock.override("getJob", { body: new Uint8Array([123]), violate: true, headers: { "Content-Type": "application/json" } });
  assert.equal(await (await mock.fetch("/admin/jobs/job-1")).text(), "{");
  await mock.clearOverrides();
  await mock.addOverrides({ operation: "getJob", body: new Uint8Array([91]), violate: true, headers: { "Content-Type": "application/json" } });
  assert.equal(await (await mock.fetch("/admin/jobs/job-1")).text(), "[");
  await mock.clearOverrides();
  await mock.override("getJob", { status: 503 });
  await mock.clearOverrides();
  assert.deepEqual(await mock.overrides(), []);
  await mock.fetch("/admin/jobs");
  await mock.clearRequests();
  assert.deepEqual([await mock.requests(), await mock.violations(), await mock.clearViolations()], [[], [], undefined]);
  assert.deepEqual([await mock.drift(), await mock.clearDrift()], [[], undefined]);
  assert.ok((await mock.openapi()).paths["/admin/jobs"]);
  assert.ok((await mock.controlOpenapi()).paths["/__mock/clock"]);
});

test("a base address is the address of a server, too", async () => {
  const client = new Client(mock.url, { sandbox: "other" });
  assert.equal(client.url, `${MOCKSERVER_URL}/__mock/in/other`);
  assert.equal((await new Client(mock.url).scenarios()).selected.sandbox, mock.sandbox);
  await new Client(mock.url).delete();
  await new Client(mock.url).delete();
});

test("an address without a server is reported", async () => {
  const url = await withServer({}, "", (address) => address);
  const error = await failure(new Client(url).clock());
  assert.deepEqual([error.status, error.code], [0, "unreachable"]);
  assert.match(error.message, /^No mock server can be reached at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)\./);
});

test("an address of another server is reported", async () => {
  const error = await withServer({ "Content-Type": "text/html" }, "<p>Not found", (url) => failure(new Client(url).clock()));
  assert.equal(error.code, "not-mockserver");
  assert.match(error.message, /returned text\/html instead of JSON/);
});

test("an error of another server is reported", async () => {
  const error = await withServer({ "Content-Type": "text/html" }, "<p>\nGone", (url) => failure(new Client(url).clock()), 501);
  assert.deepEqual([error.code, error.status], ["not-mockserver", 501]);
  assert.match(error.message, /GET http:\S+\/__mock\/clock responded with 501 \(text\/html\), which no mock server does: <p> Gone$/);
});

test("an error of another server with a number for a code is reported", async () => {
  const error = await withServer({ "Content-Type": "application/json" }, '{"code":404}', (url) => failure(new Client(url).clock()), 404);
  assert.equal(error.code, "not-mockserver");
});

test("a path without a slash is refused, which would name another host", async () => {
  await assert.rejects(mock.fetch("admin/jobs"), { name: "TypeError", message: '"admin/jobs" is not a path of the API; begin it with /.' });
});

for (const [url, sandbox] of [["localhost:4080", "a"], ["", "a"], [MOCKSERVER_URL, "a b"], [MOCKSERVER_URL, ""], [MOCKSERVER_URL, ".."], [MOCKSERVER_URL, "a".repeat(65)]]) {
  test(`a client of "${url}" in the sandbox "${sandbox}" is refused`, () => {
    assert.throws(() => new Client(url, { sandbox }), TypeError);
  });
}

test("the report of a missing token says how it is set", async () => {
  const problem = JSON.stringify({ code: "token-required", detail: "The control API needs a token." });
  const error = await withServer({ "Content-Type": "application/problem+json" }, problem, (url) => failure(new Client(url).clock()), 401);
  assert.match(error.message, /^token-required \(401\): The control API needs a token.\n {2}Set MOCKSERVER_TOKEN in the environment/);
});

test("the token is sent to the control API", async () => {
  const server = createServer((request, response) => response.end(JSON.stringify({ token: request.headers["x-mock-token"] })));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new Client(`http://127.0.0.1:${server.address().port}`, { token: "s3cret" });
  assert.deepEqual(await client.clock(), { token: "s3cret" });
  server.closeAllConnections();
  server.close();
});
