// Cypress cannot be installed from npm alone, so its commands are replaced by ones that record and carry out the same.
import assert from "node:assert/strict";
import test from "node:test";
import { Client } from "mockserver-kit";

const { MOCKSERVER_URL } = process.env;
const APP_URL = "http://localhost:3000";
const env = { mockUrl: MOCKSERVER_URL };
const commands = {};
const overwritten = {};
const intercepts = [];
const logged = [];
const queue = [];
const hooks = {};

globalThis.beforeEach = (hook) => { hooks.before = hook; };
globalThis.afterEach = (hook) => { hooks.after = hook; };
globalThis.Cypress = {
  Commands: {
    add: (name, command) => { commands[name] = command; },
    overwrite: (name, command) => { overwritten[name] = command; },
  },
  env: (name) => env[name],
  config: (name) => ({ baseUrl: APP_URL })[name],
  log: (entry) => logged.push(entry.message),
  currentTest: { titlePath: ["Jobs", "retries"] },
  currentRetry: 0,
};
globalThis.cy = {
  wrap: (value) => ({ value, then: (next) => { queue.push(() => next(value)); } }),
  intercept: (matcher, handler) => { intercepts.push({ matcher, handler }); },
};
await import("mockserver-kit/cypress");

/** Run a test between its hooks, as Cypress does. */
async function run(body, state = "passed") {
  intercepts.length = logged.length = 0;
  hooks.before.call({});
  for (const command of queue.splice(0)) await command();
  const mock = commands.mock().value;
  await body(mock);
  hooks.after.call({ currentTest: { state } });
  for (const command of queue.splice(0)) await command();
  return mock;
}

/** The headers of a page's request after the intercept. */
function intercepted(url, headers = {}) {
  const [{ matcher, handler }] = intercepts;
  assert.equal(matcher.middleware, true);
  const request = { url, headers: { ...headers } };
  if (matcher.url.test(url)) handler(request);
  return request.headers;
}

const sent = (name, ...args) => overwritten[name]((options) => options, ...args);

test("cy.mock() yields a client in a sandbox of the attempt", async () => {
  const first = await run((mock) => assert.ok(mock instanceof Client));
  Cypress.currentRetry = 1;
  const second = await run(() => {});
  Cypress.currentRetry = 0;
  assert.match(first.sandbox, /^Jobs-retries-[0-9a-f]{12}$/);
  assert.match(second.sandbox, /^Jobs-retries-retry1-[0-9a-f]{12}$/);
});

test("requests of pages select the sandbox, and those to third parties are left alone", async () => {
  await run(({ sandbox }) => {
    assert.deepEqual(intercepted(`${MOCKSERVER_URL}/admin/jobs`), { "x-mock-sandbox": sandbox });
    assert.deepEqual(intercepted(`${APP_URL}/`, { baggage: "a=1" }), { baggage: `mock-sandbox=${sandbox},a=1` });
    assert.deepEqual(intercepted("http://localhost:9/"), {});
  });
});

test("cy.visit() and cy.request() select the sandbox in each of their forms", async () => {
  await run(({ sandbox }) => {
    const baggage = { baggage: `mock-sandbox=${sandbox}` };
    assert.deepEqual(sent("visit", "/queue"), { url: "/queue", headers: baggage });
    assert.deepEqual(sent("visit", "/queue", { timeout: 1, headers: { A: "b" } }), { url: "/queue", timeout: 1, headers: { a: "b", ...baggage } });
    assert.deepEqual(sent("visit", { url: "/queue" }), { url: "/queue", headers: baggage });
    assert.deepEqual(sent("request", "/jobs"), { method: "GET", url: "/jobs", headers: baggage });
    assert.deepEqual(sent("request", "/jobs", { a: 1 }), { method: "GET", url: "/jobs", body: { a: 1 }, headers: baggage });
    assert.deepEqual(sent("request", "POST", "/jobs"), { method: "POST", url: "/jobs", headers: baggage });
    assert.deepEqual(sent("request", "post", `${MOCKSERVER_URL}/jobs`, "x"),
      { method: "post", url: `${MOCKSERVER_URL}/jobs`, body: "x", headers: { "x-mock-sandbox": sandbox } });
    assert.deepEqual(sent("request", { url: "http://localhost:9/" }), { url: "http://localhost:9/", headers: {} });
  });
});

test("a test can have a scenario", async () => {
  env.mockScenario = "empty";
  await run(async (mock) => assert.equal((await mock.state()).scenario, "empty"));
  delete env.mockScenario;
});

test("the verdict fails the test, unless it is switched off", async () => {
  await assert.rejects(run((mock) => mock.fetch("/admin/job")), { name: "VerdictFailed" });
  env.mockVerdict = false;
  await run((mock) => mock.fetch("/admin/job"));
  delete env.mockVerdict;
});

test("codes can be allowed", async () => {
  env.mockAllow = ["invalid-request"];
  await run((mock) => mock.fetch("/admin/jobs?limit=0"));
  delete env.mockAllow;
});

test("settings are in `expose` of the configuration, and the token in `env`, where Cypress has no synchronous env()", async () => {
  const former = Cypress.env;
  Cypress.env = () => { throw new Error("removed"); };
  Cypress.expose = (name) => ({ ...env, mockScenario: "empty" })[name];
  const asked = [];
  cy.env = (names, options) => ({ then: (next) => { asked.push(names, options); queue.push(() => next({ mockToken: "s3cret" })); } });
  try {
    await run(async (mock) => assert.equal((await mock.state()).scenario, "empty"));
    assert.deepEqual(asked, [["mockToken"], { log: false }]);
  } finally {
    Cypress.env = former;
    delete Cypress.expose;
    delete cy.env;
  }
});

test("a failed test shows its requests and no verdict", async () => {
  await run((mock) => mock.fetch("/admin/job"), "failed");
  assert.deepEqual(logged, ["#1 GET /admin/job · 404 · unknown-path"]);
});

test("the sandbox is deleted", async () => {
  const mock = await run((client) => client.fetch("/admin/jobs/job-7/retry", { method: "POST" }));
  assert.equal((await mock.state()).revision, 0);
  await mock.delete();
});
