// What the queue asks the API for.

import { call } from "../shared/client.js";

/** Rows on one page of the list. */
export const PAGE = 50;
const MOST = 500; // The largest page that the API gives.
const PATIENCE = 20_000;

let small = true; // Whether all jobs were seen to fit in one answer, so that they can be counted here.

function ask(path, { signal, ...options } = {}) {
  const late = AbortSignal.timeout(PATIENCE);
  return call(path, { ...options, signal: signal ? AbortSignal.any([signal, late]) : late });
}

async function jobs(parameters, signal) {
  return (await ask(`/admin/jobs?${new URLSearchParams(parameters)}`, { signal })).body;
}

/** One page of the list that `query` asks for: `{jobs, total, counts}`, with `counts` where they come for free. */
export async function list(query, statuses, signal) {
  if (query.text) return search(query, statuses, signal);
  const parameters = [...narrowed(query), ...query.statuses.map((one) => ["status", one])];
  parameters.push(["sort", query.sort === "id" || query.sort === "-id" ? query.sort : `${query.sort},id`]);
  parameters.push(["limit", PAGE], ["offset", (query.page - 1) * PAGE]);
  const found = await jobs(parameters, signal);
  const whole = query.statuses.length === 0 && found.jobs.length === found.total;
  return { ...found, counts: whole ? tally(found.jobs, statuses) : null };
}

/** How many jobs each status has under the other filters, in agreement with the `answer` of `list`. */
export async function count(query, statuses, answer, signal) {
  if (answer.counts) return answer.counts;
  if (small) {
    const all = await jobs([...narrowed(query), ["limit", MOST]], signal);
    if (all.total <= MOST) return tally(all.jobs, statuses);
    small = false;
  }
  const totals = await Promise.all(
    statuses.map((one) =>
      query.statuses.length === 1 && query.statuses[0] === one
        ? answer
        : jobs([...narrowed(query), ["status", one], ["limit", 1]], signal),
    ),
  );
  return Object.fromEntries(statuses.map((one, index) => [one, totals[index].total]));
}

function narrowed(query) {
  return query.type ? [["type", query.type]] : [];
}

function tally(found, statuses) {
  return Object.fromEntries(statuses.map((status) => [status, found.filter((job) => job.status === status).length]));
}

/** The API cannot look for a text, so all jobs are fetched, and looked through here. */
async function search(query, statuses, signal) {
  const wanted = query.text.toLowerCase();
  const matching = (await everything(query, signal)).filter(
    (job) => job.id.toLowerCase().includes(wanted) || job.session_id.toLowerCase().includes(wanted),
  );
  const found = matching.filter((job) => query.statuses.length === 0 || query.statuses.includes(job.status));
  found.sort(comparison(query.sort));
  const start = (query.page - 1) * PAGE;
  return { jobs: found.slice(start, start + PAGE), total: found.length, counts: tally(matching, statuses) };
}

async function everything(query, signal) {
  const found = new Map(); // By id: a job that is added meanwhile moves others to the next page.
  for (let offset = 0, total = 1; offset < total; offset += MOST) {
    const page = await jobs([...narrowed(query), ["sort", "id"], ["limit", MOST], ["offset", offset]], signal);
    for (const job of page.jobs) found.set(job.id, job);
    total = page.total;
  }
  return [...found.values()];
}

function comparison(sort) {
  const field = sort.replace(/^-/, "");
  const sign = sort.startsWith("-") ? -1 : 1;
  const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
  return (one, other) => sign * compare(one[field], other[field]) || compare(one.id, other.id);
}

/** One job. */
export async function one(id, signal) {
  return (await ask(`/admin/jobs/${encodeURIComponent(id)}`, { signal })).body;
}

/** What happened to a job, oldest first. */
export async function events(id, signal) {
  return (await ask(`/admin/jobs/${encodeURIComponent(id)}/events`, { signal })).body.events;
}

/** Retry or cancel a job; the same key again gets the answer that was lost. */
export async function act(id, action, key) {
  const options = { method: "POST", headers: { "Idempotency-Key": key } };
  return (await ask(`/admin/jobs/${encodeURIComponent(id)}/${action}`, options)).body;
}

let refused = false;

/** Where the run's clock stands; null where the control API does not say. */
export async function now(signal) {
  if (refused) return null;
  try {
    return (await ask("/__mock/clock", { signal })).body.now;
  } catch (error) {
    refused = [401, 403, 404].includes(error.status);
    return null;
  }
}
