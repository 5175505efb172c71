import "./browser.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, duration } from "../../mockserver/web/pages/assets/tutoring/times.js";

const NOW = "2026-01-15T09:00:00.000Z";

for (const [instant, text] of [
  ["2026-01-15T09:00:00.000Z", "just now"],
  ["2026-01-15T08:59:59.001Z", "just now"],
  ["2026-01-15T08:59:59.000Z", "1 s ago"],
  ["2026-01-15T08:58:30.000Z", "1 min ago"],
  ["2026-01-15T07:00:01.000Z", "1 h ago"],
  ["2026-01-10T09:00:00.000Z", "5 d ago"],
  ["2026-01-15T09:00:45.000Z", "in 45 s"],
]) {
  test(`${instant} was ${text}`, () => assert.equal(ago(instant, NOW), text));
}

test("without a clock nothing is said", () => assert.equal(ago(NOW, null), ""));

for (const [milliseconds, text] of [
  [0, "0 ms"],
  [999, "999 ms"],
  [1_000, "1 s"],
  [376_000, "6 min 16 s"],
  [3_600_000, "1 h"],
  [90_061_000, "1 d 1 h"],
  [86_400_000 + 59_000, "1 d"],
]) {
  test(`${milliseconds} ms are ${text}`, () => assert.equal(duration(milliseconds), text));
}
