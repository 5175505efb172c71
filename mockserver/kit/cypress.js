// Cypress commands, and a sandbox of the mock server for each attempt of each test. Import it in the support file.

import { Client } from "./client.js";
import { describeEntry } from "./reports.js";
import { DEFAULT_URL, Selection, sandboxName } from "./selection.js";

const METHOD = /^(get|head|post|put|patch|delete|options)$/i;
/** @type {Client} */
let mock;
/** @type {Selection} */
let selection;

Cypress.Commands.add("mock", () => {
  if (mock === undefined) throw new Error("cy.mock() has a sandbox in each test; there is none before the first.");
  return cy.wrap(mock, { log: false });
});

// cy.intercept() sees what pages send; these two commands send requests of their own.
Cypress.Commands.overwrite("visit", (visit, ...args) => {
  const [target, options] = args;
  const given = typeof target === "object" ? target : { ...options, url: target };
  return visit(withHeaders(given));
});
Cypress.Commands.overwrite("request", (request, ...args) => request(withHeaders(readRequest(args))));

beforeEach(() => {
  const url = setting("mockUrl") || DEFAULT_URL;
  const retry = Cypress.currentRetry;
  const sandbox = sandboxName(...Cypress.currentTest.titlePath, retry && `retry${retry}`);
  const token = setting("mockToken");
  mock = new Client(url, { sandbox, token });
  if (token === undefined && cy.env !== undefined) {
    cy.env(["mockToken"], { log: false }).then(({ mockToken }) => {
      if (mockToken !== undefined) mock = new Client(url, { sandbox, token: mockToken });
    });
  }
  selection = new Selection(sandbox, url, Cypress.config("baseUrl"));
  // A middleware comes before the intercepts of the test, and they see its headers.
  cy.intercept({ url: selection.pattern, middleware: true }, (request) => {
    Object.assign(request.headers, selection.headersFor(new URL(request.url), request.headers));
  });
  const scenario = setting("mockScenario");
  if (scenario) cy.wrap(null, { log: false }).then(() => mock.scenario(scenario));
});

afterEach(function () {
  const hasFailed = this.currentTest?.state === "failed";
  const isJudged = !hasFailed && setting("mockVerdict") !== false;
  cy.wrap(null, { log: false }).then(async () => {
    try {
      if (isJudged) await mock.verdict({ allow: setting("mockAllow") ?? [] });
      if (hasFailed) await report();
    } finally {
      await mock.delete();
    }
  });
});

/** A setting: Cypress 16 has them in `expose` of the configuration, versions before 15.10 in `env`. @param {string} name */
function setting(name) {
  const exposed = Cypress.expose?.(name);
  if (exposed !== undefined) return exposed;
  try {
    return Cypress.env(name);
  } catch {
    // The configuration forbids it, or this version has no such function.
    return undefined;
  }
}

/** Show the requests of a failed test in the command log. */
async function report() {
  const requests = await mock.requests();
  for (const entry of requests.toReversed()) {
    Cypress.log({ name: "mock", message: describeEntry(entry)[0], consoleProps: () => entry });
  }
}

/** @param {Partial<Cypress.RequestOptions & Cypress.VisitOptions>} options */
function withHeaders(options) {
  const base = Cypress.config("baseUrl") ?? undefined;
  if (selection === undefined || !URL.canParse(options.url ?? "", base)) return options;
  const own = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return { ...options, headers: { ...own, ...selection.headersFor(new URL(options.url ?? "", base), own) } };
}

/** The options of `cy.request(options)`, `cy.request(url, body)` and `cy.request(method, url, body)`. @param {any[]} args */
function readRequest(args) {
  if (typeof args[0] === "object") return args[0];
  const hasMethod = METHOD.test(args[0]) && typeof args[1] === "string";
  const [method, url, body] = hasMethod ? args : ["GET", ...args];
  return { method, url, ...(body === undefined ? {} : { body }) };
}
