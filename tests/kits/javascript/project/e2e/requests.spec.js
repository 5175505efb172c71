import { createServer } from "node:http";
import { expect, test } from "mockserver-kit/playwright";

const { APP_URL, MOCKSERVER_URL, THIRD_PARTY_URL } = process.env;
const retry = (url) => fetch(`${url}/admin/jobs/job-7/retry`, { method: "POST" }).then((response) => response.json());

/** The names of the operations that the sandbox has received, oldest first. */
async function operations(mock) {
  return (await mock.requests()).map((entry) => entry.operation).reverse();
}

/** A server that returns the headers of each request to it. */
async function withEcho(use) {
  const server = createServer((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (request.method === "OPTIONS") response.statusCode = 403;
    response.end(JSON.stringify(request.headers));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("`request` selects the sandbox in the mock and through the app", async ({ request, mock }) => {
  expect((await (await request.post("/admin/jobs/job-7/retry")).json()).status).toBe("queued");
  expect((await (await request.get(`${MOCKSERVER_URL}/admin/jobs/job-7`)).json()).status).toBe("queued");
  expect(await operations(mock)).toEqual(["retryJob", "getJob"]);
});

test("`page.request` selects the sandbox", async ({ page, mock }) => {
  await page.request.post(`${MOCKSERVER_URL}/admin/jobs/job-7/retry`);
  await page.context().request.get("/admin/jobs/job-7");
  expect(await operations(mock)).toEqual(["retryJob", "getJob"]);
});

test("`request` sends third parties no header", async ({ request }) => {
  await withEcho(async (url) => {
    const headers = await (await request.get(url, { headers: { "X-Own": "1" } })).json();
    expect(headers).toMatchObject({ "x-own": "1" });
    expect(headers).not.toHaveProperty("x-mock-sandbox");
    expect(headers).not.toHaveProperty("baggage");
  });
});

test("`baggage` keeps the members that a request has", async ({ page, request, mock }) => {
  await withEcho(async (url) => {
    const own = { Baggage: "user=ada;role=admin, mock-scenario=empty" };
    const headers = await (await request.get(url, { headers: own })).json();
    expect(headers.baggage).toBe(own.Baggage);
  });
  await page.goto("/");
  // The page requests job-7 by itself.
  const sent = page.waitForRequest("**/admin/jobs/job-6");
  const status = await page.evaluate(() =>
    fetch("/admin/jobs/job-6", { headers: { baggage: "user=ada;role=admin" } }).then((response) => response.status));
  expect(status).toBe(200);
  expect((await sent).headers().baggage).toBe(`mock-sandbox=${mock.sandbox},user=ada;role=admin`);
});

test("a request that names a sandbox keeps it", async ({ page, request, mock }) => {
  const other = `${mock.sandbox.slice(0, 50)}.other`;
  await request.get(`${MOCKSERVER_URL}/admin/jobs/job-7`, { headers: { "X-Mock-Sandbox": other } });
  await request.get(`${MOCKSERVER_URL}/__mock/in/${other}/admin/jobs/job-7`);
  await page.goto("/");
  await expect(page.getByText("failed")).toBeVisible();
  await page.evaluate(
    ([url, name]) => fetch(`${url}/admin/jobs/job-7`, { headers: { "X-Mock-Sandbox": name } }).then((response) => response.text()),
    [MOCKSERVER_URL, other]);
  await request.delete(`${MOCKSERVER_URL}/__mock/sandboxes/${other}`);
  expect(await operations(mock)).toEqual(["getJob"]);
});

test("a context that the test opens itself selects the sandbox", async ({ browser, mock }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(APP_URL);
  await expect(page.getByText("failed")).toBeVisible();
  await context.close();
  expect(await operations(mock)).toEqual(["getJob"]);
});

test("routes that continue or fetch by themselves send the headers, too", async ({ page, context, mock }) => {
  await context.route("**/*", (route) => route.continue());
  await page.route("**/*", (route) => route.continue());
  await page.route("**/retry", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), status: "patched" } });
  });
  await page.goto("/");
  await expect(page.getByText("failed")).toBeVisible();
  await page.getByRole("button").click();
  await expect(page.getByText("patched")).toBeVisible();
  await page.unrouteAll();
  await page.reload();
  await expect(page.getByText("queued")).toBeVisible();
  expect(await operations(mock)).toEqual(["getJob", "retryJob", "getJob"]);
});

test("a route of the test can still respond by itself", async ({ page, mock }) => {
  await page.route("**/admin/jobs/job-7", (route) => route.fulfill({ json: { status: "from the test" } }));
  await page.goto("/");
  await expect(page.getByText("from the test")).toBeVisible();
  expect(await operations(mock)).toEqual([]);
});

test("images, popups and frames select the sandbox", async ({ page, mock }) => {
  await page.goto("/");
  await expect(page.getByText("failed")).toBeVisible();
  await page.evaluate((url) => {
    const image = new Image();
    image.src = `${url}/admin/jobs/job-1`;
    return new Promise((resolve) => { image.onerror = resolve; });
  }, MOCKSERVER_URL);
  const popup = page.waitForEvent("popup");
  await page.evaluate(() => { window.open("/"); });
  await expect((await popup).getByText("failed")).toBeVisible();
  await page.evaluate(() => {
    const frame = document.createElement("iframe");
    frame.srcdoc = "<script>fetch('/admin/jobs/job-2').then(() => parent.postMessage('done'))</script>";
    return new Promise((resolve) => { window.onmessage = resolve; document.body.append(frame); });
  });
  expect((await mock.requests()).map((entry) => entry.path).reverse()).toEqual(
    ["/admin/jobs/job-7", "/admin/jobs/job-1", "/admin/jobs/job-7", "/admin/jobs/job-2"]);
});

test("requests of a service worker select the sandbox", async ({ page, mock, browserName }) => {
  test.skip(browserName !== "chromium", "Playwright sees the requests of service workers in Chromium only");
  await page.goto("/");
  await expect(page.getByText("failed")).toBeVisible();
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("/worker.js");
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => { navigator.serviceWorker.oncontrollerchange = resolve; });
    }
    await fetch("/admin/jobs/job-1").then((response) => response.text());
  });
  expect(await operations(mock)).toEqual(["getJob", "getJob"]);
});

test("a page of another origin can request the app without a preflight", async ({ page }) => {
  await withEcho(async (url) => {
    await page.goto(url);
    const sent = page.waitForRequest(`${APP_URL}/**`);
    await page.evaluate((app) => fetch(`${app}/`, { mode: "no-cors" }).then(() => undefined), APP_URL);
    expect((await sent).headers()).not.toHaveProperty("baggage");
  });
});

test("pages and other servers see no header of ours", async ({ page }) => {
  await withEcho(async (url) => {
    const headers = await (await page.goto(url)).json();
    expect(Object.keys(headers).filter((name) => /mock|baggage/.test(name))).toEqual([]);
  });
  expect(await (await page.request.get(THIRD_PARTY_URL)).text()).toBe("hello");
});

test.describe("in a scenario", () => {
  test.use({ mockScenario: "empty" });
  test("every request is in it", async ({ request }) => {
    expect((await (await request.get("/admin/jobs")).json()).total).toBe(0);
  });
});

test("the base address reaches the sandbox from any program", async ({ mock }) => {
  expect((await retry(mock.url)).status).toBe("queued");
  expect((await (await mock.fetch("/admin/jobs/job-7")).json()).status).toBe("queued");
  await mock.verify([{ operation: "retryJob", where: { job_id: "job-7" }, times: 1 }, { operation: "getJob" }], { inOrder: true });
});

test.describe("with codes that are allowed", () => {
  test.use({ mockAllow: ["invalid-request"] });
  test("a request may violate the contract on purpose", async ({ request }) => {
    expect((await request.get("/admin/jobs?limit=0")).status()).toBe(422);
  });
});
