import { fakeTimers, setHidden, settle } from "./browser.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Polling } from "../../mockserver/web/pages/assets/shared/polling.js";

/** A poller with a period of two seconds, its number of calls, and its timers. */
function start(context) {
  const timers = fakeTimers(context);
  const state = { calls: 0, timers, polling: new Polling(() => (state.calls += 1), 2) };
  context.after(() => state.polling.hold());
  return state;
}

test("it polls at once, and then again after each period", async (context) => {
  const state = start(context);
  await state.polling.now();
  await state.timers.advance(1_999);
  assert.equal(state.calls, 1);
  await state.timers.advance(1);
  assert.equal(state.calls, 2);
  await state.timers.advance(2_000);
  assert.equal(state.calls, 3);
});

test("a call during another one is repeated once, after it", async (context) => {
  fakeTimers(context);
  const finish = [];
  const polling = new Polling(() => new Promise((resolve) => finish.push(resolve)), 2);
  polling.now();
  polling.now();
  polling.now();
  await settle();
  assert.equal(finish.length, 1);
  finish[0]();
  await settle();
  assert.equal(finish.length, 2);
  finish[1]();
  await settle();
  assert.equal(finish.length, 2);
  polling.hold();
});

test("the period begins when a call has ended", async (context) => {
  const timers = fakeTimers(context);
  const finish = [];
  const polling = new Polling(() => new Promise((resolve) => finish.push(resolve)), 2);
  polling.now();
  await timers.advance(5_000);
  assert.equal(finish.length, 1);
  finish[0]();
  await settle();
  await timers.advance(2_000);
  assert.equal(finish.length, 2);
  polling.hold();
});

test("it goes on after a call that throws", async (context) => {
  const timers = fakeTimers(context);
  let calls = 0;
  const polling = new Polling(() => {
    calls += 1;
    if (calls === 1) throw new Error("once");
  }, 2);
  await assert.rejects(polling.now(), /once/);
  await timers.advance(2_000);
  assert.equal(calls, 2);
  polling.hold();
});

test("it stops while paused, and polls at once when resumed", async (context) => {
  const state = start(context);
  await state.polling.now();
  state.polling.togglePause();
  assert.equal(state.polling.isPaused, true);
  await state.timers.advance(10_000);
  assert.equal(state.calls, 1);
  state.polling.togglePause();
  await settle();
  assert.equal(state.calls, 2);
});

test("it can be asked to poll while paused", async (context) => {
  const state = start(context);
  state.polling.togglePause();
  await state.polling.now();
  await state.timers.advance(10_000);
  assert.equal(state.calls, 1);
});

test("it stops while the tab is hidden, and polls at once when it is shown", async (context) => {
  const state = start(context);
  await state.polling.now();
  setHidden(true);
  await state.timers.advance(10_000);
  assert.equal(state.calls, 1);
  setHidden(false);
  await settle();
  assert.equal(state.calls, 2);
});

test("it stops until every hold is released", async (context) => {
  const state = start(context);
  await state.polling.now();
  const releases = [state.polling.hold(), state.polling.hold()];
  releases[0]();
  await state.timers.advance(10_000);
  assert.equal(state.calls, 1);
  releases[1]();
  await state.timers.advance(2_000);
  assert.equal(state.calls, 2);
});
