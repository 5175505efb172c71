// The client of a mock server: its control API, in one sandbox.

import { describeProblem } from "./reports.js";

// Addresses leave the segments `.` and `..` out.
const SANDBOX = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;
// The server waits at most so long before it responds.
const LONGEST_WAIT = 60_000;
// The number of requests that the journal keeps.
const JOURNAL_LIMIT = 1_000;
// What an error shows of a response that is not the mock server's.
const EXCERPT_LENGTH = 200;

/** The mock server refused a request, or could not be reached (status 0). */
export class MockError extends Error {
  /** @param {number} status @param {import("./client.js").Problem} problem @param {ErrorOptions} [options] */
  constructor(status, problem, options) {
    super(describeProblem(status, problem), options);
    this.name = new.target.name;
    this.status = status;
    this.code = problem.code ?? "";
    this.problem = problem;
  }
}

/** The verdict at the end of a test; the message is a report. */
export class VerdictFailed extends MockError {}

/** A client of the mock server at `url`, in one sandbox of it. */
export class Client {
  /** @type {string} */
  #server;
  #sandbox;
  #token;

  /** @param {string | URL} url @param {import("./client.js").ClientOptions} [options] */
  constructor(url, { sandbox, token = globalThis.process?.env?.MOCKSERVER_TOKEN } = {}) {
    const address = String(url);
    if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
      throw new TypeError(`"${address}" is not the address of a mock server; write http://127.0.0.1:4080.`);
    }
    if (sandbox !== undefined && !SANDBOX.test(sandbox)) {
      throw new TypeError(`"${sandbox}" is not a valid name of a sandbox: use 1 to 64 of A-Z, a-z, 0-9 and ._-, but not . or .. alone.`);
    }
    this.#server = address.replace(/[?#].*$/, "").replace(/\/+$/, "");
    // The base address of another sandbox.
    if (sandbox !== undefined) this.#server = this.#server.replace(/\/__mock\/in\/[^/]*$/, "");
    this.#sandbox = sandbox;
    this.#token = token;
  }

  /** The name of the sandbox, if there is one. */
  get sandbox() {
    return this.#sandbox;
  }

  /** The base address of the sandbox: `${url}/admin/jobs` is a path of the mocked API in it. */
  get url() {
    return this.#sandbox === undefined ? this.#server : `${this.#server}/__mock/in/${this.#sandbox}`;
  }

  /** The headers that select the sandbox. */
  get headers() {
    /** @type {Record<string, string>} */
    const headers = {};
    if (this.#sandbox !== undefined) headers["X-Mock-Sandbox"] = this.#sandbox;
    return headers;
  }

  /** `fetch` of a path of the mocked API, in the sandbox. @param {string} path @param {RequestInit} [options] */
  async fetch(path, options = {}) {
    // Without the slash, it would become a part of the host's name.
    if (!String(path).startsWith("/")) throw new TypeError(`"${path}" is not a path of the API; begin it with /.`);
    const headers = new Headers(options.headers);
    for (const [name, value] of Object.entries(this.headers)) headers.set(name, value);
    return fetch(this.#server + path, { ...options, headers });
  }

  health() {
    return this.#call("GET", "/health");
  }

  scenarios() {
    return this.#call("GET", "/scenarios");
  }

  /** @param {string} name */
  scenario(name) {
    return this.#call("PUT", "/scenario", { body: { name } });
  }

  async clearScenario() {
    await this.#call("DELETE", "/scenario");
  }

  /** @param {"sandbox" | "run" | "all"} [scope] */
  reset(scope = "sandbox") {
    return this.#call("POST", "/reset", { body: { scope } });
  }

  async sandboxes() {
    return (await this.#call("GET", "/sandboxes")).sandboxes;
  }

  async delete() {
    const name = this.#sandbox ?? (await this.scenarios()).selected.sandbox;
    await this.#call("DELETE", `/sandboxes/${encode(name)}`).catch((error) => {
      if (error.code !== "unknown-sandbox") throw error;
    });
  }

  /** @param {import("./client.js").StateFilters} [filters] */
  state(filters = {}) {
    return this.#call("GET", "/state", { query: filters });
  }

  /** @param {string} resource @param {string | number} key @param {object} record */
  put(resource, key, record) {
    return this.#call("PUT", `/state/${encode(resource)}/${encode(key)}`, { body: record });
  }

  /** @param {string} resource @param {string | number} key */
  async remove(resource, key) {
    await this.#call("DELETE", `/state/${encode(resource)}/${encode(key)}`);
  }

  /** @param {string} resource @param {string | number} key @param {string} transition */
  fire(resource, key, transition) {
    return this.#call("POST", `/state/${encode(resource)}/${encode(key)}/${encode(transition)}`);
  }

  recording() {
    return this.#call("GET", "/recording", { accept: "application/yaml, application/problem+json" });
  }

  clock() {
    return this.#call("GET", "/clock");
  }

  /** @param {string} duration */
  advance(duration) {
    return this.#call("POST", "/clock", { body: { advance: duration } });
  }

  /** @param {string | Date} instant */
  setClock(instant) {
    return this.#call("POST", "/clock", { body: { set: instant instanceof Date ? instant.toISOString() : instant } });
  }

  /** @param {string} duration */
  rewind(duration) {
    return this.#call("POST", "/clock", { body: { rewind: duration } });
  }

  /** @param {number} [count] */
  undo(count = 1) {
    return this.#call("POST", "/clock", { body: { undo: count } });
  }

  /** @param {"manual" | "real" | "per-request"} mode @param {{speed?: number, step?: string}} [options] */
  clockMode(mode, { speed, step } = {}) {
    return this.#call("POST", "/clock", { body: { mode, speed, step } });
  }

  /** @param {string} operation @param {import("./client.js").OverrideFields} fields */
  async override(operation, fields) {
    return (await this.#call("POST", "/overrides", { body: { operation, ...withPlainBody(fields) } })).id;
  }

  /** @param {import("./client.js").NewOverride[]} overrides */
  async addOverrides(...overrides) {
    const added = (await this.#call("POST", "/overrides", { body: overrides.map(withPlainBody) })).overrides;
    return added.map((/** @type {{id: string}} */ override) => override.id);
  }

  async overrides() {
    return (await this.#call("GET", "/overrides")).overrides;
  }

  /** @param {string} id */
  async removeOverride(id) {
    await this.#call("DELETE", `/overrides/${encode(id)}`);
  }

  async clearOverrides() {
    await this.#call("DELETE", "/overrides");
  }

  /** @param {import("./client.js").RequestFilters} [filters] */
  async requests(filters = {}) {
    const query = { limit: JOURNAL_LIMIT, ...filters };
    return (await this.#call("GET", "/requests", { query })).requests;
  }

  async clearRequests() {
    await this.#call("DELETE", "/requests");
  }

  /** @param {string} operation @param {import("./client.js").WaitOptions} [options] */
  async waitFor(operation, { times = 1, timeout = 5_000, ...filters } = {}) {
    return (await this.#wait("/requests", { limit: JOURNAL_LIMIT, ...filters, operation, times }, timeout)).requests;
  }

  /**
   * @param {import("./client.js").Expectation | import("./client.js").Expectation[]} expectations
   * @param {import("./client.js").VerifyOptions} [options]
   */
  async verify(expectations, { inOrder = false, timeout = 0 } = {}) {
    const wait = timeout ? `${Math.ceil(timeout)}ms` : undefined;
    await this.#call("POST", "/verify", { body: { expect: [expectations].flat(), in_order: inOrder, wait } });
  }

  /** @param {import("./client.js").VerdictOptions} [options] */
  async verdict({ allow = [], drift = "ignore" } = {}) {
    await this.#call("GET", "/verdict", { query: { allow, drift: drift === "ignore" ? undefined : drift } });
  }

  async violations() {
    return (await this.#call("GET", "/violations")).violations;
  }

  async clearViolations() {
    await this.#call("DELETE", "/violations");
  }

  async drift() {
    return (await this.#call("GET", "/drift")).drift;
  }

  async clearDrift() {
    await this.#call("DELETE", "/drift");
  }

  /** @param {import("./client.js").DeliveryFilters} [filters] */
  async deliveries(filters = {}) {
    return (await this.#call("GET", "/deliveries", { query: filters })).deliveries;
  }

  /** @param {import("./client.js").DeliveryWaitOptions} [options] */
  async waitForDeliveries({ times = 1, timeout = 5_000, ...filters } = {}) {
    return (await this.#wait("/deliveries", { ...filters, times }, timeout)).deliveries;
  }

  async clearDeliveries() {
    await this.#call("DELETE", "/deliveries");
  }

  openapi() {
    return this.#send("GET", "/openapi.json");
  }

  controlOpenapi() {
    return this.#call("GET", "/openapi.json");
  }

  /**
   * Get a list once it has as many items as the query demands; `timeout` is in milliseconds.
   * @param {string} path @param {object} query @param {number} timeout
   */
  async #wait(path, query, timeout) {
    for (let left = Math.ceil(timeout); ; left -= LONGEST_WAIT) {
      const wait = Math.min(Math.max(left, 0), LONGEST_WAIT);
      try {
        return await this.#call("GET", path, { query: { ...query, wait: `${wait}ms` } });
      } catch (error) {
        const isEarly = error instanceof MockError && error.code === "wait-timeout" && left > LONGEST_WAIT;
        if (!isEarly) throw error;
      }
    }
  }

  /**
   * Call an operation of the control API.
   * @param {string} method @param {string} path @param {{query?: object, body?: object, accept?: string}} [options]
   */
  #call(method, path, options) {
    return this.#send(method, `/__mock${path}`, options);
  }

  /**
   * Send a request, and read the response: JSON, or text if another media type is accepted.
   * @param {string} method @param {string} path
   * @param {{query?: object, body?: object, accept?: string}} [options]
   * @returns {Promise<any>} @throws {MockError}
   */
  async #send(method, path, { query = {}, body, accept } = {}) {
    const address = this.#server + path + search(query);
    const headers = new Headers({ Accept: accept ?? "application/json, application/problem+json", ...this.headers });
    if (this.#token) headers.set("X-Mock-Token", this.#token);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const content = body === undefined ? undefined : JSON.stringify(body);
    const [response, text] = await (async () => {
      const received = await fetch(address, { method, headers, body: content, cache: "no-store" });
      return /** @type {const} */ ([received, await received.text()]);
    })().catch((error) => {
      const reason = error.cause?.code ?? error.cause?.message ?? error.message;
      const detail = `No mock server can be reached at ${this.#server} (${reason}). Is \`mockserver serve\` running?`;
      throw new MockError(0, { code: "unreachable", detail }, { cause: error });
    });
    const type = response.headers.get("Content-Type") ?? "no media type";
    if (!response.ok) {
      const problem = parse(text);
      if (typeof problem?.code !== "string") {
        const excerpt = text.slice(0, EXCERPT_LENGTH).replace(/\s+/g, " ").trim();
        const detail = `${method} ${address} responded with ${response.status} (${type}), which no mock server does: ${excerpt}`;
        throw new MockError(response.status, { ...problem, code: "not-mockserver", detail });
      }
      throw new (problem.code === "verdict-failed" ? VerdictFailed : MockError)(response.status, problem);
    }
    if (accept !== undefined || response.status === 204) return text;
    const value = parse(text);
    if (value === undefined) {
      const detail = `${address} returned ${type} instead of JSON: ${this.#server} is not the address of a mock server.`;
      throw new MockError(response.status, { code: "not-mockserver", detail });
    }
    return value;
  }
}

/** @param {string | number} segment */
function encode(segment) {
  return encodeURIComponent(segment);
}

/** An override as JSON can express it: bytes in Base64. @param {import("./client.js").OverrideFields} fields */
function withPlainBody({ body, ...others }) {
  return ArrayBuffer.isView(body) ? { ...others, body_base64: encodeBase64(body) } : { ...others, body };
}

/** @param {ArrayBufferView} view */
function encodeBase64(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** A query string: members that are undefined are left out, and lists are repeated. @param {object} query */
function search(query) {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().filter((item) => item !== undefined).map((item) => [name, String(item)]));
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

/** @param {string} text */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}
