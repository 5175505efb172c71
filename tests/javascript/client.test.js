import { json, respondWith } from "./browser.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { call, RequestError } from "../../mockserver/web/pages/assets/shared/client.js";

/** The error of a failed call. */
async function failure(...call_arguments) {
  return call(...call_arguments).then(assert.fail, (error) => error);
}

test("a response is read as JSON", async () => {
  respondWith(json({ total: 1 }));
  assert.deepEqual((await call("/read")).body, { total: 1 });
});

test("a body is sent as JSON, with the given headers", async () => {
  const [request] = await sent("/sent", { method: "POST", body: { a: 1 }, headers: { "Idempotency-Key": "k" } });
  assert.equal(request.method, "POST");
  assert.equal(request.body, '{"a":1}');
  assert.equal(request.headers["Content-Type"], "application/json");
  assert.equal(request.headers["Idempotency-Key"], "k");
});

test("a request without a body has no content type", async () => {
  const [request] = await sent("/bare", { method: "POST" });
  assert.equal(request.headers["Content-Type"], undefined);
  assert.equal(request.body, undefined);
});

async function sent(path, options) {
  const requests = respondWith(json({}));
  await call(path, options);
  return requests;
}

test("a GET whose response has not changed returns the same object", async () => {
  respondWith(json([1]), json([1]), json([2]));
  const [first, second, third] = [await call("/same"), await call("/same"), await call("/same")];
  assert.equal(second.body, first.body);
  assert.deepEqual(third.body, [2]);
});

test("another method never returns the object of a GET", async () => {
  respondWith(json([1]), json([1]));
  const { body } = await call("/other");
  assert.notEqual((await call("/other", { method: "POST" })).body, body);
});

test("an error status throws the problem document", async () => {
  respondWith(json({ code: "unknown-record", detail: "No such job." }, 404, "application/problem+json"));
  const error = await failure("/gone");
  assert.ok(error instanceof RequestError);
  assert.deepEqual([error.status, error.code, error.message], [404, "unknown-record", "No such job."]);
});

test("an error status without a body is described by its number", async () => {
  respondWith(new Response("", { status: 502 }));
  assert.equal((await failure("/bad")).message, "The server responded with status 502.");
});

test("no response is an error with status 0", async () => {
  respondWith(() => {
    throw new TypeError("Failed to fetch");
  });
  const error = await failure("/away");
  assert.deepEqual([error.status, error.message], [0, "The server cannot be reached or closed the connection."]);
});

test("a timeout is an error with status 0", async () => {
  respondWith(() => {
    throw new DOMException("late", "TimeoutError");
  });
  assert.deepEqual((await failure("/late")).message, "The request timed out.");
});

test("an aborted request throws the abort itself", async () => {
  respondWith(() => {
    throw new DOMException("aborted", "AbortError");
  });
  assert.equal((await failure("/aborted")).name, "AbortError");
});

test("an invalid JSON body is an error", async () => {
  respondWith(new Response("{", { headers: { "Content-Type": "application/json" } }));
  assert.equal((await failure("/invalid")).message, "The response is not valid JSON.");
});

test("a body of another type is text, and an empty one null", async () => {
  respondWith(new Response("a: 1", { headers: { "Content-Type": "application/yaml" } }), new Response(null, { status: 204 }));
  assert.equal((await call("/yaml")).body, "a: 1");
  assert.equal((await call("/empty", { method: "DELETE" })).body, null);
});
