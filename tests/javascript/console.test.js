import "./browser.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { modeText, moveText } from "../../mockserver/web/pages/assets/console/clock.js";
import { attemptLines, deliveriesText } from "../../mockserver/web/pages/assets/console/deliveries.js";
import * as format from "../../mockserver/web/pages/assets/console/format.js";
import { journalQuery, toneOf } from "../../mockserver/web/pages/assets/console/journal.js";
import { composeOverride } from "../../mockserver/web/pages/assets/console/overrides.js";
import { allowedTransitions, matchingRecords } from "../../mockserver/web/pages/assets/console/records.js";
import { sharedTexts } from "../../mockserver/web/pages/assets/console/sharing.js";
import { nextTab } from "../../mockserver/web/pages/assets/console/tabs.js";
import { verdictText } from "../../mockserver/web/pages/assets/console/verdict.js";

const START = "2026-01-15T09:00:00.000Z";

test("an instant is shown with or without its date", () => {
  assert.equal(format.dateAndTime(START), "2026-01-15 09:00:00.000");
  assert.equal(format.timeOfDay(START), "09:00:00.000");
});

for (const [to, text] of [
  [START, "0 s"],
  ["2026-01-15T09:00:02.500Z", "2.5 s"],
  ["2026-01-15T10:05:07.000Z", "1 h 5 m"],
  ["2026-01-17T09:00:30.000Z", "2 d 30 s"],
  ["2026-01-15T08:00:00.000Z", "0 s"],
]) {
  test(`from ${START} to ${to} is ${text}`, () => assert.equal(format.duration(START, to), text));
}

test("a cell shows text as it is and other values as JSON", () => {
  assert.deepEqual([null, undefined, "a", 1, { a: [1] }].map(format.cellText), ["", "", "a", "1", '{"a":[1]}']);
});

test("a body shows text as it is and other values as indented JSON", () => {
  assert.deepEqual(["a", null, { a: 1 }].map(format.fullText), ["a", "null", '{\n  "a": 1\n}']);
});

test("a number agrees with its noun", () => {
  assert.equal(format.count(1, "record"), "1 record");
  assert.equal(format.count(0, "record"), "0 records");
  assert.equal(format.count(5000, "record"), "5,000 records");
});

test("the mode of the clock is described", () => {
  assert.equal(modeText({ mode: "manual" }), "manual");
  assert.equal(modeText({ mode: "real", speed: 60 }), "real time, × 60");
  assert.equal(modeText({ mode: "per-request", step: 1500 }), "per request, 1.5 s each");
});

test("a move of the clock is described", () => {
  assert.equal(moveText({ advance: "5s" }, { now: START, fired: [] }), "0 transitions fired. It is 09:00:00.000.");
  assert.equal(moveText({ rewind: "5s" }, { now: START, fired: [] }), "Later commands undone. It is 09:00:00.000.");
  assert.equal(moveText({ set: START }, { now: START, fired: [{}] }), "1 transition fired. It is 09:00:00.000.");
  assert.equal(moveText({ mode: "manual" }, { now: START, fired: [] }), "Clock mode set.");
});

test("the number of deliveries is shown, and how many of them the table has", () => {
  assert.deepEqual(
    [deliveriesText(0, 0), deliveriesText(1, 1), deliveriesText(2, 2), deliveriesText(100, 1200)],
    ["0 deliveries", "1 delivery", "2 deliveries", "The latest 100 of 1,200 deliveries"],
  );
});

test("an attempt is shown with its time, and its status or error", () => {
  const attempts = [{ at: START, status: 503 }, { at: START, error: "Connection refused" }];
  assert.deepEqual(attemptLines({ attempts }), ["09:00:00.000 503", "09:00:00.000 Connection refused"]);
});

test("the journal is queried by the filters that are set", () => {
  assert.equal(journalQuery([["operation", ""], ["status", ""]], 100), "brief=true&limit=100");
  assert.equal(
    journalQuery([["operation", "getJob"], ["status", "4XX"], ["unmatched", "true"]], 200),
    "brief=true&limit=200&operation=getJob&status=4XX&unmatched=true",
  );
});

test("a status has the tone of its class", () => {
  assert.deepEqual([200, 204, 304, 404, 500].map(toneOf), ["success", "success", "neutral", "warning", "danger"]);
});

test("a verdict is passed, failed, or not known", () => {
  assert.deepEqual(verdictText({ verdict: "passed", requests: 2 }), { tone: "success", title: "Passed", text: "2 requests" });
  assert.deepEqual(verdictText({ code: "verdict-failed", detail: "1 violation" }), {
    tone: "danger", title: "Failed", text: "1 violation",
  });
  assert.deepEqual(verdictText({}), { tone: "danger", title: "No verdict", text: "The server cannot be reached." });
});

const field = (values) => (name) => values[name] || "";

test("the fields of the form are written into the JSON of an override", () => {
  const text = composeOverride("", field({ operation: "getJob", status: "503", times: "2", delay: "1s" }));
  assert.deepEqual(JSON.parse(text), { operation: "getJob", status: 503, times: 2, delay: "1s" });
});

test("members that were written by hand stay, and those of empty fields go", () => {
  const text = composeOverride('{"where": {"job_id": "job-1"}, "delay": "1s"}', field({ operation: "getJob" }));
  assert.deepEqual(JSON.parse(text), { where: { job_id: "job-1" }, operation: "getJob" });
});

test("invalid JSON is replaced", () => {
  assert.deepEqual(JSON.parse(composeOverride("{", field({ operation: "getJob" }))), { operation: "getJob" });
});

const records = [{ id: "a", status: "queued", note: "One" }, { id: "b", status: "failed" }, { id: "one", status: "failed" }];
const ids = (...filters) => matchingRecords(records, "status", ...filters).map(({ id }) => id);

test("records are filtered by state, and by text anywhere and in any case", () => {
  assert.deepEqual(ids("", ""), ["a", "b", "one"]);
  assert.deepEqual(ids("failed", ""), ["b", "one"]);
  assert.deepEqual(ids("", " ONE "), ["a", "one"]);
  assert.deepEqual(ids("failed", "one"), ["one"]);
});

test("a resource without a lifecycle is filtered by text alone", () => {
  assert.equal(matchingRecords(records, null, "", "failed").length, 2);
});

test("a state allows the transitions that begin there", () => {
  const transitions = [
    { name: "start", sources: ["queued"], target: "running" },
    { name: "cancel", sources: ["queued", "running"], target: "cancelled" },
  ];
  assert.deepEqual(allowedTransitions({ transitions }, "queued"), ["start", "cancel"]);
  assert.deepEqual(allowedTransitions({ transitions }, "running"), ["cancel"]);
  assert.deepEqual(allowedTransitions({ transitions }, "cancelled"), []);
});

test("a scenario is shared as link, command and headers, quoted for a shell", () => {
  assert.deepEqual(sharedTexts("it's", "me", "http://localhost:4080", "/admin/jobs"), {
    link: "http://localhost:4080/__mock/?__scenario=it%27s&__sandbox=me",
    curl: `curl -H 'X-Mock-Scenario: it'\\''s' -H 'X-Mock-Sandbox: me' 'http://localhost:4080/admin/jobs'`,
    headers: `extraHTTPHeaders: {\n  "X-Mock-Scenario": "it's",\n  "X-Mock-Sandbox": "me"\n},`,
  });
});

for (const [key, index, target] of [
  ["ArrowRight", 0, 1], ["ArrowRight", 4, 0], ["ArrowLeft", 0, 4], ["ArrowLeft", 3, 2],
  ["Home", 3, 0], ["End", 1, 4], ["a", 1, -1],
]) {
  test(`${key} leads from tab ${index} to ${target}`, () => assert.equal(nextTab(key, index, 5), target));
}
