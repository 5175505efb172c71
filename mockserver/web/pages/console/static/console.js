// The console: asks the server again and again where the run stands, and has each view follow.
import { call } from "../shared/client.js";
import { at } from "../shared/dom.js";
import { Polling } from "../shared/polling.js";
import { Browser } from "./browser.js";
import { Clock } from "./clock.js";
import { Handover } from "./handover.js";
import { Journal } from "./journal.js";
import { Overrides } from "./overrides.js";
import { on, reveal, say } from "./page.js";
import { Records } from "./records.js";
import { Run } from "./run.js";
import { Tabs } from "./tabs.js";

const SECONDS = 1;
const place = at("console");
const polling = new Polling(tick, SECONDS);
const refresh = () => polling.now();
const browser = new Browser();
const clock = new Clock(refresh);
const run = new Run(polling);
const views = {
  records: new Records(JSON.parse(place.dataset.resources), refresh),
  overrides: new Overrides(refresh),
  journal: new Journal(refresh, polling),
};
const tabs = new Tabs(document.querySelector("[role=tablist]"), refresh);
new Handover(place.dataset, browser);

async function tick() {
  try {
    const { body, headers } = await call("/__mock/clock");
    clock.show(body);
    run.show(body);
    await browser.follow(headers);
    // When something falls due nothing is commanded, but what is due next changes.
    const version = [browser.sandbox, browser.scenario, body.generation, body.revision, body.next_due].join(" ");
    await views[tabs.current]?.follow(version, body.generation);
    told("");
  } catch (error) {
    if (error.status === undefined) throw error;
    told(error.message);
  }
  showLive();
}

function told(trouble) {
  reveal("trouble", trouble);
  say("trouble", trouble);
}

function showLive() {
  const state = polling.paused ? "paused" : at("trouble").hidden ? "live" : "trouble";
  at("live").dataset.live = state;
  say("live", { paused: "Paused", live: "Live", trouble: "Trying again" }[state]);
  say("pause", polling.paused ? "Resume" : "Pause");
}

on("pause", "click", () => {
  if (polling.paused) polling.resume();
  else polling.pause();
  showLive();
});
refresh();
