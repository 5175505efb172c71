// The requests of the queue.

import { call } from "../shared/client.js";

/** Rows on one page of the list. */
export const PAGE = 50;
const MOST = 500; // The largest page that the API returns.
const TIMEOUT = 20_000;

let isSmall = true; // Whether all jobs fit in one response, so that they can be counted here.

/** @type {(path: string, options?: CallOptions) => Promise<any>} */
async function fetchBody(path, { signal, ...options } = {}) {
  const timeout = AbortSignal.timeout(TIMEOUT);
  return (await call(path, { ...options, signal: signal ? AbortSignal.any([signal, timeout]) : timeout })).body;
}

/** Jobs of the query's type. @type {FetchJobs} */
function fetchJobs({ type }, parameters, signal) {
  const search = new URLSearchParams([...(type ? [["type", type]] : []), ...parameters]);
  return fetchBody(`/admin/jobs?${search}`, { signal });
}

/** One page of the queried list, with `counts` if they need no further requests. @type {FetchPage} */
export async function fetchPage(query, statuses, signal) {
  if (query.text) return search(query, statuses, signal);
  const sort = /^-?id$/.test(query.sort) ? query.sort : `${query.sort},id`;
  const list = await fetchJobs(
    query,
    [
      ...query.statuses.map((status) => ["status", status]),
      ["sort", sort],
      ["limit", `${PAGE}`],
      ["offset", `${(query.page - 1) * PAGE}`],
    ],
    signal,
  );
  const isWhole = query.statuses.length === 0 && list.jobs.length === list.total;
  return { ...list, counts: isWhole ? countStatuses(list.jobs, statuses) : null };
}

/** How many jobs each status has under the other filters, consistent with `page`. @type {FetchCounts} */
export async function fetchCounts(query, statuses, page, signal) {
  if (page.counts) return page.counts;
  if (isSmall) {
    const all = await fetchJobs(query, [["limit", `${MOST}`]], signal);
    if (all.total <= MOST) return countStatuses(all.jobs, statuses);
    isSmall = false;
  }
  const lists = statuses.map((status) =>
    query.statuses.length === 1 && query.statuses[0] === status
      ? page
      : fetchJobs(query, [["status", status], ["limit", "1"]], signal),
  );
  const totals = (await Promise.all(lists)).map((list, index) => [statuses[index], list.total]);
  return Object.fromEntries(totals);
}

/** @param {Job[]} jobs @param {string[]} statuses @returns {Counts} */
function countStatuses(jobs, statuses) {
  return Object.fromEntries(statuses.map((status) => [status, jobs.filter((job) => job.status === status).length]));
}

/** The API has no text search, so all jobs are fetched and searched here. @type {FetchPage} */
async function search(query, statuses, signal) {
  const text = query.text.toLowerCase();
  const matching = (await fetchAll(query, signal)).filter(
    (job) => job.id.toLowerCase().includes(text) || job.session_id.toLowerCase().includes(text),
  );
  const jobs = matching.filter((job) => query.statuses.length === 0 || query.statuses.includes(job.status));
  jobs.sort(comparison(query.sort));
  const start = (query.page - 1) * PAGE;
  return { jobs: jobs.slice(start, start + PAGE), total: jobs.length, counts: countStatuses(matching, statuses) };
}

/** @param {Query} query @param {AbortSignal} [signal] */
async function fetchAll(query, signal) {
  /** @type {Map<string, Job>} */
  const jobs = new Map(); // By id: a job that is added meanwhile shifts others to the next page.
  for (let offset = 0, total = 1; offset < total; offset += MOST) {
    const list = await fetchJobs(query, [["sort", "id"], ["limit", `${MOST}`], ["offset", `${offset}`]], signal);
    for (const job of list.jobs) jobs.set(job.id, job);
    total = list.total;
  }
  return [...jobs.values()];
}

/** @param {string} sort @returns {(a: Job, b: Job) => number} */
function comparison(sort) {
  const field = /** @type {keyof Job} */ (sort.replace(/^-/, ""));
  const sign = sort === field ? 1 : -1;
  return (a, b) => (a[field] === b[field] ? (a.id < b.id ? -1 : 1) : a[field] < b[field] ? -sign : sign);
}

const pathOf = (/** @type {string} */ id) => `/admin/jobs/${encodeURIComponent(id)}`;

/** @type {Fetch<Job>} */
export function fetchJob(id, signal) {
  return fetchBody(pathOf(id), { signal });
}

/** The events of a job, oldest first. @type {Fetch<JobEvent[]>} */
export async function fetchEvents(id, signal) {
  return (await fetchBody(`${pathOf(id)}/events`, { signal })).events;
}

/** Retry or cancel a job; the same key gets a lost response again. @type {Act} */
export function act(id, action, key) {
  return fetchBody(`${pathOf(id)}/${action}`, { method: "POST", headers: { "Idempotency-Key": key } });
}

let isClockRefused = false;

/** The time of the run's clock; null if the control API does not say. @param {AbortSignal} [signal] */
export async function fetchNow(signal) {
  if (isClockRefused) return null;
  try {
    return (await fetchBody("/__mock/clock", { signal })).now;
  } catch (error) {
    isClockRefused = [401, 403, 404].includes(/** @type {RequestError} */ (error).status);
    return null;
  }
}
