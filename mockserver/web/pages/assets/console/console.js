// The console: polls the state of the run and updates each view.
import { RequestError, call } from "../shared/client.js";
import { byId } from "../shared/dom.js";
import { Polling } from "../shared/polling.js";
import { makeClock } from "./clock.js";
import { on, toggle, write } from "./elements.js";
import { makeJournal } from "./journal.js";
import { makeOverrides } from "./overrides.js";
import { makeRecords } from "./records.js";
import { setUpRun } from "./run.js";
import { selection, updateSelection } from "./selection.js";
import { setUpSharing } from "./sharing.js";
import { makeTabs } from "./tabs.js";

const SECONDS = 1;
const { dataset } = byId("console");
const polling = new Polling(poll, SECONDS);
const refresh = () => polling.now();
const showClock = makeClock(refresh);
/** @type {Record<string, View>} */
const views = {
  records: makeRecords(JSON.parse(dataset.resources), refresh),
  overrides: makeOverrides(refresh),
  journal: makeJournal(refresh),
};
// Only where the contract has webhooks.
if (byId("panel-deliveries")) views.deliveries = (await import("./deliveries.js")).makeDeliveries(refresh);
const openTab = makeTabs(refresh);
setUpRun(polling);
setUpSharing(dataset);

async function poll() {
  try {
    const { body, headers } = await call("/__mock/clock");
    showClock(body);
    write("generation", body.generation);
    write("revision", body.revision);
    await updateSelection(headers);
    // A due transition that fires is not in the revision, but it changes what is due next.
    const version = [selection.sandbox, selection.scenario, body.generation, body.revision, body.next_due].join(" ");
    await views[openTab()]?.update(version, body.generation);
    showTrouble("");
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    showTrouble(error.message);
  }
  showLive();
}

/** @param {string} text */
function showTrouble(text) {
  toggle("trouble", text);
  write("trouble", text);
}

function showLive() {
  const state = polling.isPaused ? "paused" : byId("trouble").hidden ? "live" : "trouble";
  byId("live").dataset.live = state;
  write("live", { paused: "Paused", live: "Live", trouble: "Trying again" }[state]);
  write("pause", polling.isPaused ? "Resume" : "Pause");
}

on("pause", "click", () => {
  polling.togglePause();
  showLive();
});
refresh();
