import { json, respondWith } from "./browser.js";
import assert from "node:assert/strict";
import { test } from "node:test";

const MODULE = "../../mockserver/web/pages/assets/tutoring/api.js";
const STATUSES = ["queued", "failed"];
const QUERY = { statuses: [], type: "", text: "", sort: "-updated_at", page: 1, job: "" };
let loads = 0;

/** The module as a page loads it, with nothing remembered. */
function load() {
  loads += 1;
  return import(`${MODULE}?${loads}`);
}

const job = (id, status = "queued", session_id = "session-1") => ({ id, status, session_id, updated_at: `${id}T` });
const addresses = (requests) => requests.map(({ address }) => decodeURIComponent(address));

test("a page is requested by filters, order and range; ties are ordered by id", async () => {
  const { fetchPage } = await load();
  const requests = respondWith(json({ jobs: [], total: 0 }));
  await fetchPage({ ...QUERY, statuses: ["failed"], type: "transcription", page: 3 }, STATUSES);
  assert.deepEqual(addresses(requests), [
    "/admin/jobs?type=transcription&status=failed&sort=-updated_at,id&limit=50&offset=100",
  ]);
});

test("a list by id needs no second order", async () => {
  const { fetchPage } = await load();
  const requests = respondWith(json({ jobs: [], total: 0 }));
  await fetchPage({ ...QUERY, sort: "-id" }, STATUSES);
  assert.deepEqual(addresses(requests), ["/admin/jobs?sort=-id&limit=50&offset=0"]);
});

test("a list that is complete is counted without a request", async () => {
  const { fetchCounts, fetchPage } = await load();
  const requests = respondWith(json({ jobs: [job("a"), job("b", "failed"), job("c")], total: 3 }));
  const page = await fetchPage(QUERY, STATUSES);
  assert.deepEqual(await fetchCounts(QUERY, STATUSES, page), { queued: 2, failed: 1 });
  assert.equal(requests.length, 1);
});

test("a filtered list is counted by one request if all jobs fit in it", async () => {
  const { fetchCounts } = await load();
  const requests = respondWith(json({ jobs: [job("a"), job("b", "failed")], total: 2 }));
  const query = { ...QUERY, statuses: ["failed"] };
  const counts = await fetchCounts(query, STATUSES, { jobs: [], total: 1, counts: null });
  assert.deepEqual(counts, { queued: 1, failed: 1 });
  assert.deepEqual(addresses(requests), ["/admin/jobs?limit=500"]);
});

test("many jobs are counted by a request for each status that the page does not count itself", async () => {
  const { fetchCounts } = await load();
  const requests = respondWith(json({ jobs: [], total: 501 }), json({ jobs: [], total: 400 }), json({ jobs: [], total: 390 }));
  const query = { ...QUERY, statuses: ["failed"] };
  const page = { jobs: [], total: 101, counts: null };
  assert.deepEqual(await fetchCounts(query, STATUSES, page), { queued: 400, failed: 101 });
  assert.deepEqual(await fetchCounts(query, STATUSES, page), { queued: 390, failed: 101 });
  assert.deepEqual(addresses(requests), [
    "/admin/jobs?limit=500", "/admin/jobs?status=queued&limit=1", "/admin/jobs?status=queued&limit=1",
  ]);
});

test("a text is searched in ids and sessions of all jobs, in any case", async () => {
  const { fetchPage } = await load();
  const first = Array.from({ length: 500 }, (_, index) => job(`x${index}`));
  const second = [job("ABC", "failed"), job("d", "queued", "s-abc"), job("e")];
  const requests = respondWith(json({ jobs: first, total: 503 }), json({ jobs: second, total: 503 }));
  const page = await fetchPage({ ...QUERY, text: "Abc", sort: "-id" }, STATUSES);
  assert.deepEqual(page.jobs.map(({ id }) => id), ["d", "ABC"]);
  assert.deepEqual([page.total, page.counts], [2, { queued: 1, failed: 1 }]);
  assert.deepEqual(addresses(requests), [
    "/admin/jobs?sort=id&limit=500&offset=0", "/admin/jobs?sort=id&limit=500&offset=500",
  ]);
});

test("a job that shifts to the next page meanwhile is found once", async () => {
  const { fetchPage } = await load();
  const first = Array.from({ length: 500 }, (_, index) => job(`a${index}`));
  respondWith(json({ jobs: first, total: 501 }), json({ jobs: [first[499], job("a500")], total: 501 }));
  assert.equal((await fetchPage({ ...QUERY, text: "a" }, STATUSES)).total, 501);
});

test("search results are filtered by status, sorted and paged", async () => {
  const { fetchPage } = await load();
  const jobs = Array.from({ length: 60 }, (_, index) => job(`a${String(index).padStart(2, "0")}`, STATUSES[index % 2]));
  respondWith(json({ jobs, total: 60 }));
  const query = { ...QUERY, text: "a", statuses: ["failed"], sort: "status", page: 1 };
  const page = await fetchPage(query, STATUSES);
  assert.deepEqual(page.jobs.map(({ id }) => id).slice(0, 3), ["a01", "a03", "a05"]);
  assert.deepEqual([page.total, page.counts], [30, { queued: 30, failed: 30 }]);
});

test("ids are encoded in paths", async () => {
  const { fetchEvents, fetchJob } = await load();
  const requests = respondWith(json({}), json({ events: [] }));
  await fetchJob("a/b ?");
  await fetchEvents("a/b ?");
  assert.deepEqual(requests.map(({ address }) => address), [
    "/admin/jobs/a%2Fb%20%3F", "/admin/jobs/a%2Fb%20%3F/events",
  ]);
});

test("the clock is not asked again once the control API has refused", async () => {
  const { fetchNow } = await load();
  const requests = respondWith(json({}, 500), json({ now: "2026" }), json({}, 401));
  assert.equal(await fetchNow(), null);
  assert.equal(await fetchNow(), "2026");
  assert.equal(await fetchNow(), null);
  assert.equal(await fetchNow(), null);
  assert.equal(requests.length, 3);
});
