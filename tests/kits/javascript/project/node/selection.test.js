import assert from "node:assert/strict";
import test from "node:test";
import { Selection, sandboxName } from "../node_modules/mockserver-kit/selection.js";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const selection = new Selection("s", "http://127.0.0.1:4080", "http://localhost:3000/app");
const headersFor = (url, headers = {}) => selection.headersFor(new URL(url), headers);

for (const words of [["retries a job"], [""], ["日本語"], ["…", 0, undefined], ["a".repeat(200)], ["../x"], ["é ü"]]) {
  test(`a sandbox name of ${JSON.stringify(words)} is valid and new`, () => {
    const names = [sandboxName(...words), sandboxName(...words)];
    assert.ok(names.every((name) => NAME.test(name)), String(names));
    assert.notEqual(names[0], names[1]);
  });
}

test("a sandbox name can be read", () => {
  assert.match(sandboxName("chromium", "retries: a job", "retry1"), /^chromium-retries-a-job-retry1-[0-9a-f]{12}$/);
});

for (const url of ["http://127.0.0.1:4080/jobs", "http://localhost:4080", "http://[::1]:4080/jobs?x=1"]) {
  test(`${url} is the mock`, () => {
    assert.deepEqual([headersFor(url), selection.pattern.test(new URL(url).href)], [{ "x-mock-sandbox": "s" }, true]);
  });
}

for (const url of ["http://localhost:3000/", "http://127.0.0.1:3000/api"]) {
  test(`${url} is the app`, () => {
    assert.deepEqual([headersFor(url), selection.pattern.test(url)], [{ baggage: "mock-sandbox=s" }, true]);
  });
}

for (const url of ["http://localhost:40800/", "https://localhost:4080/", "http://example.com:3000/", "http://localhost.example:3000/"]) {
  test(`${url} is a third party's`, () => {
    assert.deepEqual([headersFor(url), selection.pattern.test(url)], [{}, false]);
  });
}

for (const [members, expected] of [
  ["a=1", "mock-sandbox=s,a=1"],
  ["a=1;p=2, b=3", "mock-sandbox=s,a=1;p=2, b=3"],
  ["xmock-sandbox=1", "mock-sandbox=s,xmock-sandbox=1"],
  ["a=1, mock-sandbox=other", undefined],
]) {
  test(`the baggage "${members}" is merged`, () => {
    assert.equal(headersFor("http://localhost:3000/", { baggage: members }).baggage, expected);
  });
}

test("a request that selects a sandbox keeps it", () => {
  assert.deepEqual(headersFor("http://localhost:4080/", { "x-mock-sandbox": "own" }), {});
  assert.deepEqual(headersFor("http://localhost:4080/__mock/in/own/jobs"), {});
});
