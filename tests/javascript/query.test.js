import "./browser.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { isFiltered, NEWEST, nextSort, readQuery, writeQuery } from "../../mockserver/web/pages/assets/tutoring/query.js";

const rules = { statuses: ["queued", "running", "failed"], types: ["transcription"] };
const DEFAULT = { statuses: [], type: "", text: "", sort: NEWEST, page: 1, job: "" };

test("an address without a query has the default", () => {
  assert.deepEqual(readQuery("", rules), DEFAULT);
});

test("every member is read", () => {
  const search = "?status=failed&status=queued&type=transcription&text=+a+&sort=-status&page=3&job=job-1";
  assert.deepEqual(readQuery(search, rules), {
    statuses: ["queued", "failed"], type: "transcription", text: "a", sort: "-status", page: 3, job: "job-1",
  });
});

test("values that the contract does not have are ignored", () => {
  assert.deepEqual(readQuery("?status=x&type=x&sort=x&sort=-&page=x", rules), DEFAULT);
});

for (const page of ["0", "-1", "1.5", "1e99", "Infinity", " "]) {
  test(`page ${JSON.stringify(page)} is the first`, () => {
    assert.equal(readQuery(`?page=${page}`, rules).page, 1);
  });
}

test("a huge page is bounded", () => {
  assert.equal(readQuery("?page=9007199254740991", rules).page, 1_000_000);
});

test("the default query has the plain address", () => {
  assert.equal(writeQuery(DEFAULT), "/admin/queue");
});

test("what is written is read again", () => {
  const query = { statuses: ["queued", "failed"], type: "transcription", text: "a&b=ü", sort: "id", page: 2, job: "x/y" };
  assert.deepEqual(readQuery(writeQuery(query).replace("/admin/queue", ""), rules), query);
});

test("filters are statuses, type and text", () => {
  assert.equal(isFiltered({ ...DEFAULT, sort: "id", page: 2, job: "job-1" }), false);
  assert.equal(isFiltered({ ...DEFAULT, statuses: ["failed"] }), true);
  assert.equal(isFiltered({ ...DEFAULT, type: "transcription" }), true);
  assert.equal(isFiltered({ ...DEFAULT, text: "a" }), true);
});

test("a column is sorted upwards first, and then downwards", () => {
  assert.equal(nextSort(NEWEST, "status"), "status");
  assert.equal(nextSort("status", "status"), "-status");
  assert.equal(nextSort("-status", "status"), "status");
});

test("times are sorted downwards first", () => {
  assert.equal(nextSort("id", "updated_at"), NEWEST);
  assert.equal(nextSort(NEWEST, "updated_at"), "updated_at");
});
