// Requests to the server that this page came from, in the page's sandbox and scenario.

/** The prefix of every path: empty, or the base address of a sandbox. */
export const root = document.documentElement.dataset.root || "";

/** No response (status 0), or one with an error status; `problem` is its RFC 9457 body, if it has one. */
export class RequestError extends Error {
  /** @param {number} status @param {Problem} problem */
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server responded with status ${status}.`);
    this.status = status;
    this.code = problem.code || "";
    this.problem = problem;
  }
}

const CACHED = 8; // A page requests few paths at a time.
/** @type {Map<string, {text: string, body: any}>} */
const cache = new Map();

/**
 * Send a request and read the response. A GET whose response has not changed returns the same `body` object.
 * @param {string} path @param {CallOptions} [options] @throws {RequestError}
 */
export async function call(path, { method = "GET", body, headers, signal } = {}) {
  /** @type {RequestInit & {headers: Record<string, string>}} */
  const options = { method, signal, headers: { Accept: "application/json, application/problem+json", ...headers } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(root + path, options).catch(fail);
  const text = await response.text().catch(fail);
  if (!response.ok) throw new RequestError(response.status, parse(text, response) || {});
  const cached = cache.get(path);
  if (method === "GET" && cached?.text === text) return { body: cached.body, headers: response.headers };
  const value = parse(text, response);
  if (method === "GET") {
    const [oldest] = cache.keys();
    if (cache.size >= CACHED) cache.delete(oldest);
    cache.set(path, { text, body: value });
  }
  return { body: value, headers: response.headers };
}

/** @type {(error: Error) => never} */
function fail(error) {
  if (error.name === "AbortError") throw error;
  const isTimeout = error.name === "TimeoutError";
  const detail = isTimeout ? "The request timed out." : "The server cannot be reached or closed the connection.";
  throw new RequestError(0, { detail });
}

/** @param {string} text @param {Response} response */
function parse(text, response) {
  if (!text) return null;
  if (!(response.headers.get("Content-Type") || "").includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestError(response.status, { detail: "The response is not valid JSON." });
  }
}
