// Playwright's `test` with a sandbox of the mock server for each attempt of each test.

import { test as base } from "@playwright/test";
import { Client } from "./client.js";
import { describeEntry } from "./reports.js";
import { DEFAULT_URL, Selection, sandboxName } from "./selection.js";

export { expect } from "@playwright/test";

/** The selection of the test that runs now: a worker runs one test at a time. @type {Selection | undefined} */
let current;
/** The addresses that the routes of a context or page match. @type {WeakMap<object, RegExp>} */
const patterns = new WeakMap();
/** @type {WeakSet<object>} */
const patched = new WeakSet();

export const test = base.extend({
  mockUrl: [process.env.MOCKSERVER_URL || DEFAULT_URL, { option: true }],
  mockScenario: [undefined, { option: true }],
  mockVerdict: [true, { option: true }],
  mockAllow: [[], { option: true }],

  mock: async ({ mockUrl, mockScenario, mockVerdict, mockAllow, baseURL }, use, testInfo) => {
    const { project, title, repeatEachIndex, retry } = testInfo;
    const sandbox = sandboxName(project.name, title, repeatEachIndex && `repeat${repeatEachIndex}`, retry && `retry${retry}`);
    const mock = new Client(mockUrl, { sandbox });
    if (mockScenario !== undefined) await mock.scenario(mockScenario);
    current = new Selection(sandbox, mockUrl, baseURL);
    try {
      await use(mock);
    } finally {
      current = undefined;
    }
    await finish(mock, testInfo, mockVerdict, mockAllow);
  },

  // Contexts that a test opens itself select its sandbox, too.
  browser: [
    async ({ browser }, use) => {
      const newContext = browser.newContext.bind(browser);
      browser.newContext = async (options) => {
        const context = await newContext(options);
        if (current !== undefined) await selectInContext(context, current.pattern);
        return context;
      };
      await use(browser);
      browser.newContext = newContext;
    },
    { scope: "worker" },
  ],

  // `mock` comes first, so that it judges the test after the context has been closed.
  context: async ({ mock, context }, use) => {
    if (current?.sandbox === mock.sandbox) await selectInContext(context, current.pattern);
    await use(context);
  },

  request: async ({ mock, request }, use) => {
    if (current?.sandbox === mock.sandbox) selectInRequests(request);
    await use(request);
  },
});

/**
 * Judge the test, attach what helps to understand its failure, and delete its sandbox.
 * @param {Client} mock @param {import("@playwright/test").TestInfo} testInfo
 * @param {boolean} isJudged @param {string[]} allow
 */
async function finish(mock, testInfo, isJudged, allow) {
  const hasPassed = testInfo.status === "passed";
  const isAsExpected = testInfo.status === testInfo.expectedStatus;
  let failure;
  if (isJudged && (hasPassed || !isAsExpected)) {
    await mock.verdict({ allow }).catch((error) => {
      failure = error;
    });
  }
  if (failure !== undefined || !isAsExpected) {
    await attach(mock, testInfo).catch((error) => {
      failure ??= error;
    });
  }
  await mock.delete().catch((error) => {
    failure ??= error;
  });
  if (failure === undefined) return;
  // A test that has failed by itself shows its own error first; the verdict often is a consequence.
  if (hasPassed || failure.code !== "verdict-failed") throw failure;
  await testInfo.attach("mock-verdict", { body: failure.message, contentType: "text/plain" });
}

/** @param {Client} mock @param {import("@playwright/test").TestInfo} testInfo */
async function attach(mock, testInfo) {
  const requests = await mock.requests();
  const lines = requests.toReversed().flatMap(describeEntry);
  await testInfo.attach("mock-requests", { body: lines.join("\n") || "No requests.", contentType: "text/plain" });
  const journal = JSON.stringify(requests, null, 2);
  await testInfo.attach("mock-journal", { body: journal, contentType: "application/json" });
  await testInfo.attach("mock-recording", { body: await mock.recording(), contentType: "application/yaml" });
}

/**
 * Select the sandbox in all requests that pages of a context and its `request` send to the mock and to the app.
 * @param {import("@playwright/test").BrowserContext} context @param {RegExp} pattern
 */
async function selectInContext(context, pattern) {
  selectInRequests(context.request);
  if (!patterns.has(context)) {
    // A page that is closed at once cannot be routed any more.
    context.on("page", (page) => routeFirst(page, patterns.get(context) ?? pattern).catch(() => {}));
  }
  for (const target of [context, ...context.pages()]) await routeFirst(target, pattern);
}

/**
 * Add the headers to requests before any other route sees them: `route.continue` and `route.fetch` of the test then
 * send them as well. The latest route is the first, so this one is registered again after each that the test adds.
 * @param {import("@playwright/test").BrowserContext | import("@playwright/test").Page} target @param {RegExp} pattern
 */
async function routeFirst(target, pattern) {
  const former = patterns.get(target);
  patterns.set(target, pattern);
  if (former !== undefined) await target.unroute(former, addHeaders);
  else patchRoutes(target);
  await target.route(pattern, addHeaders);
}

/** @param {import("@playwright/test").BrowserContext | import("@playwright/test").Page} target */
function patchRoutes(target) {
  const route = target.route.bind(target);
  const unroute = target.unroute.bind(target);
  const unrouteAll = target.unrouteAll?.bind(target);
  target.route = async (url, handler, options) => {
    const result = await route(url, handler, options);
    const pattern = patterns.get(target);
    if (handler !== addHeaders && pattern !== undefined) {
      await unroute(pattern, addHeaders);
      await route(pattern, addHeaders);
    }
    return result;
  };
  target.unrouteAll = async (options) => {
    await unrouteAll?.(options);
    const pattern = patterns.get(target);
    if (pattern !== undefined) await route(pattern, addHeaders);
  };
}

/** @param {import("@playwright/test").Route} route */
async function addHeaders(route) {
  const request = route.request();
  const own = request.headers();
  const added = current?.headersFor(new URL(request.url()), own) ?? {};
  // `baggage` would need the consent of the app's server (a CORS preflight) if another origin's page sent it.
  const isLeftAlone = !Object.keys(added).length || ("baggage" in added && !isFromItsOwnOrigin(request));
  await route.fallback(isLeftAlone ? {} : { headers: { ...own, ...added } });
}

/** Whether a page or worker of the same origin sends this, or a page is opened. @param {import("@playwright/test").Request} request */
function isFromItsOwnOrigin(request) {
  if (request.isNavigationRequest()) return true;
  const worker = request.serviceWorker();
  let address = worker?.url();
  if (worker === null) {
    // A frame without an address of its own has the origin of the frame around it.
    let frame = request.frame();
    for (let parent = frame.parentFrame(); parent !== null && frame.url().startsWith("about:"); parent = frame.parentFrame()) {
      frame = parent;
    }
    address = frame.url();
  }
  return address !== undefined && URL.canParse(address) && new URL(address).origin === new URL(request.url()).origin;
}

/** @param {import("@playwright/test").APIRequestContext} requests */
function selectInRequests(requests) {
  if (patched.has(requests)) return;
  patched.add(requests);
  // `get`, `post` and the others call `fetch`.
  const send = requests.fetch.bind(requests);
  requests.fetch = (target, options) => {
    const isRequest = typeof target !== "string";
    const address = isRequest ? target.url() : target;
    if (current === undefined || !URL.canParse(address, current.app)) return send(target, options);
    const own = Object.entries(options?.headers ?? (isRequest ? target.headers() : {}));
    const lower = Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), value]));
    const added = current.headersFor(new URL(address, current.app), lower);
    return Object.keys(added).length ? send(target, { ...options, headers: { ...lower, ...added } }) : send(target, options);
  };
}
