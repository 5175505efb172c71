/** An RFC 9457 problem document, with what its `code` adds. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  /** Stable; see "Errors" in the documentation of mockserver. */
  code?: string;
  [member: string]: any;
}

/**
 * The mock server refused a request, or there was no response of one: then the code is `unreachable` (with the status 0)
 * or `not-mockserver`.
 */
export class MockError extends Error {
  constructor(status: number, problem: Problem, options?: ErrorOptions);
  readonly status: number;
  readonly code: string;
  readonly problem: Problem;
}

/** The verdict at the end of a test; `message` is a report. */
export class VerdictFailed extends MockError {}

export interface ClientOptions {
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`; without one, requests go to the default sandbox. */
  sandbox?: string;
  /** The token of a server that requires one; by default `MOCKSERVER_TOKEN` of the environment. */
  token?: string;
}

export interface Health {
  status: "ok";
  version: string;
  store?: "ok" | "unavailable";
  /** Errors in edited files of the contract. */
  problems?: { file: string; line?: number; pointer: string; code: string; message: string }[];
}

export interface Scenarios {
  /** The scenario of requests that select none. */
  default: string;
  /** The active scenario of the sandbox. */
  active: string | null;
  selected: { sandbox: string; sandbox_via: string; scenario: string; scenario_via: string; ignored: string[] };
  scenarios: { name: string; summary: string }[];
}

export interface Sandbox {
  name: string;
  active: string | null;
  requests: number;
  violations: number;
  runs: { scenario: string; generation: number; revision: number }[];
}

/** A scenario in a sandbox. */
export interface Run {
  sandbox: string;
  scenario: string;
  generation: number;
  revision: number;
  fingerprint: string;
}

export interface State extends Run {
  totals: Record<string, number>;
  records: Record<string, Record<string, any>[]>;
}

export interface StateFilters {
  resource?: string;
  limit?: number;
  offset?: number;
}

export interface Fired {
  resource: string;
  key: string | number;
  transition: string;
  /** RFC 3339, UTC. */
  at: string;
}

export interface Clock {
  now: string;
  mode: "manual" | "real" | "per-request";
  speed?: number;
  step?: number;
  next_due: string | null;
  generation?: number;
  revision?: number;
}

export interface MovedClock extends Clock {
  /** The transitions that became due, in order. */
  fired: Fired[];
}

/** `250ms`, `30s`, `1h30m`, or `PT30S` (ISO 8601). */
export type Duration = string;

export interface OverrideFields {
  /** Path or query parameters that a request must have: values or JSON Schemas. */
  where?: Record<string, string | number | boolean | null | unknown[] | object>;
  /** Conditions on the request: values or JSON Schemas of headers and cookies, and a JSON Schema of the body. */
  match?: {
    headers?: Record<string, string | number | boolean | null | object>;
    cookies?: Record<string, string | number | boolean | null | object>;
    body?: object | boolean;
  };
  /** The share of these requests that it responds to: 0.2 is a fifth. */
  share?: number;
  status?: number;
  headers?: Record<string, string>;
  /** JSON, text, or a `Uint8Array`. */
  body?: unknown;
  /** The bytes of the body in Base64, instead of `body`. */
  body_base64?: string;
  /** The name of a declared example. */
  example?: string;
  delay?: Duration | { uniform: [Duration, Duration] };
  fault?:
    | "empty-response"
    | "connection-reset"
    | "malformed-chunk"
    | "random-data-then-close"
    | "timeout"
    | "slow-body";
  /** Number of requests that it responds to; without it, all. */
  times?: number;
  /** Carry out the operation first, then replace its response. */
  commit?: boolean;
  /** Members of the record that the operation creates or changes, in place of the server's own. */
  set?: Record<string, unknown>;
  /** Send the body even if it violates the contract. */
  violate?: boolean;
  /** The number of events after which a stream ends. */
  cut_after?: number;
  /** Have the real backend respond (`--upstream`). */
  upstream?: true;
  /** A JSON merge patch for the body of the normal response, or with `upstream` of the real backend's. */
  patch?: unknown;
}

export interface NewOverride extends OverrideFields {
  operation: string;
}

export interface PlacedOverride extends OverrideFields {
  id: string;
  /** Number of requests that it responded to. */
  used: number;
  operation: string;
}

export interface Violation {
  location: "path" | "query" | "header" | "cookie" | "body" | "status";
  name?: string;
  /** JSON pointer (RFC 6901). */
  pointer: string;
  keyword: string;
  message: string;
}

export interface Message {
  headers: Record<string, string>;
  /** JSON, or text; cut to 4,096 bytes, and without secrets. */
  body?: any;
  /** In bytes. */
  size?: number;
  /** The body is no longer kept, since the journals have become too large. */
  body_kept?: false;
}

/** A request and its response, in the journal of the sandbox. */
export interface Entry {
  number: number;
  /** The time of the run's clock. */
  at: string | null;
  scenario: string | null;
  operation: string | null;
  method: string;
  path: string;
  query: string;
  status: number;
  milliseconds: number;
  /** Absent if `brief` is set. */
  request?: Message;
  /** Absent if `brief` is set. */
  response?: Message;
  violations: Violation[];
  fired: Fired[];
  override?: string;
  /** The function of `handlers.py` that was called, with its file and line. */
  handler?: string;
  /** The number of events or messages that were sent, once a response that stayed open has ended. */
  messages?: number;
  note?: string;
  /** The code of the error, if the request was refused. */
  code?: string;
  /** The request was passed on to the real backend. */
  upstream?: true;
  /** Where the real backend's response is not what the operation declares. */
  drift?: Violation[];
  nearest?: { operation: string; method: string; path: string; why: string }[];
}

/** A response that violated the contract. */
export interface Breach {
  number: number;
  at: string | null;
  operation: string | null;
  method: string;
  path: string;
  /** Its status, even if another response was sent in its place. */
  status: number;
  scenario: string | null;
  violations: Violation[];
}

/** A change of a record that a webhook sends, or a callback, whose event is the operationId. */
export interface Delivery {
  id: string;
  webhook: string;
  resource: string | null;
  event: string;
  key: string | number | null;
  url: string;
  status: "pending" | "delivered" | "failed" | "cancelled";
  attempts: { at: string; status?: number; error?: string }[];
  next_attempt: string | null;
}

type Several<T> = T | readonly T[];
/** A status, or a class of statuses such as `5XX`. */
export type Status = number | "1XX" | "2XX" | "3XX" | "4XX" | "5XX";

export interface RequestFilters {
  operation?: Several<string>;
  method?: Several<string>;
  path?: Several<string>;
  status?: Several<Status>;
  code?: Several<string>;
  /** Only requests that matched no operation. */
  unmatched?: boolean;
  number?: number;
  /** Leave headers and bodies out. */
  brief?: boolean;
  limit?: number;
  offset?: number;
}

export interface WaitOptions extends Omit<RequestFilters, "operation"> {
  /** Number of requests to wait for; 1. */
  times?: number;
  /** In milliseconds; 5,000. */
  timeout?: number;
}

export interface DeliveryFilters {
  webhook?: Several<string>;
  resource?: Several<string>;
  /** A transition, or create, update, replace, delete, put or append. */
  event?: Several<string>;
  key?: Several<string | number>;
  status?: Several<Delivery["status"]>;
  /** At least so many. */
  attempts?: number;
}

export interface DeliveryWaitOptions extends DeliveryFilters {
  /** Number of deliveries to wait for; 1. */
  times?: number;
  /** In milliseconds; 5,000. */
  timeout?: number;
}

/** Requests that should have been received; at least one of `operation`, `method` and `path` is required. */
export interface Expectation {
  operation?: string;
  method?: string;
  path?: string;
  /** Path and query parameters: values or JSON Schemas. */
  where?: Record<string, unknown>;
  /** Values or JSON Schemas of headers; one that was not sent is null. */
  headers?: Record<string, string | number | boolean | null | object>;
  cookies?: Record<string, string | number | boolean | null | object>;
  /** A JSON Schema of the request's body. */
  body?: object | boolean;
  status?: Status;
  /** At least one, if left out. */
  times?: number | { at_least?: number; at_most?: number };
}

export interface VerifyOptions {
  /** The requests must have come in the order of the expectations. */
  inOrder?: boolean;
  /** How long to wait for them, in milliseconds; 0, and at most 60,000. */
  timeout?: number;
}

export interface VerdictOptions {
  /** Codes of refusals that the test provokes on purpose, such as `invalid-request`. */
  allow?: readonly string[];
  /** Whether responses of the real backend (`--upstream`) that violate the contract count. */
  drift?: "ignore" | "fail";
}

/** A client of a mock server, in one sandbox of it. Its methods throw `MockError`. */
export class Client {
  constructor(url: string | URL, options?: ClientOptions);
  readonly sandbox: string | undefined;
  /** The base address of the sandbox: the whole API in it, for programs that can configure nothing but an address. */
  readonly url: string;
  /** The headers that select the sandbox. */
  readonly headers: Record<string, string>;
  /** `fetch` of a path of the mocked API, in the sandbox. */
  fetch(path: string, options?: RequestInit): Promise<Response>;

  health(): Promise<Health>;
  /** The scenarios, and which of them is selected. */
  scenarios(): Promise<Scenarios>;
  /** Make a scenario the active one of the sandbox. */
  scenario(name: string): Promise<Run>;
  /** Let the server's default scenario apply again. */
  clearScenario(): Promise<void>;
  /** Return to the initial state: of the sandbox (the default), of the selected run in it, or of all sandboxes. */
  reset(scope?: "sandbox" | "run" | "all"): Promise<Run>;
  /** All sandboxes of the server. */
  sandboxes(): Promise<Sandbox[]>;
  /** Delete the sandbox, if it exists. */
  delete(): Promise<void>;
  state(filters?: StateFilters): Promise<State>;
  /** Add or replace a record; returns it. */
  put(resource: string, key: string | number, record: object): Promise<Record<string, any>>;
  /** Remove a record and its log entries. */
  remove(resource: string, key: string | number): Promise<void>;
  /** Fire a transition of a record; returns the record. */
  fire(resource: string, key: string | number, transition: string): Promise<Record<string, any>>;
  /** The run as a scenario file (YAML). */
  recording(): Promise<string>;

  clock(): Promise<Clock>;
  /** Move the clock forward by a duration, or to the next due transition. */
  advance(duration: Duration | "next"): Promise<MovedClock>;
  setClock(instant: string | Date): Promise<MovedClock>;
  /** Move the clock back, and remove the changes since then. */
  rewind(duration: Duration): Promise<MovedClock>;
  /** Remove the last changes; 1 by default. */
  undo(count?: number): Promise<MovedClock>;

  /** Change what moves the clock: only the client, the machine's clock `speed` times as fast, or each request by `step`. */
  clockMode(mode: Clock["mode"], options?: { speed?: number; step?: Duration }): Promise<MovedClock>;

  /** Add an override of an operation's response; returns its id. */
  override(operation: string, fields: OverrideFields): Promise<string>;
  /** Add several overrides, of which the first is tried first; returns their ids. */
  addOverrides(...overrides: NewOverride[]): Promise<string[]>;
  /** The overrides in the order in which they are tried. */
  overrides(): Promise<PlacedOverride[]>;
  removeOverride(id: string): Promise<void>;
  /** Remove all overrides that were added; those of the scenario stay. */
  clearOverrides(): Promise<void>;

  /** The matching entries of the journal, newest first. */
  requests(filters?: RequestFilters): Promise<Entry[]>;
  clearRequests(): Promise<void>;
  /** Wait until as many requests have been received; returns the matching entries, newest first. */
  waitFor(operation: string, options?: WaitOptions): Promise<Entry[]>;
  /** Throws with a report unless all expectations hold. */
  verify(expectations: Expectation | readonly Expectation[], options?: VerifyOptions): Promise<void>;
  /** Throws `VerdictFailed` unless the contract was kept and every override was used. */
  verdict(options?: VerdictOptions): Promise<void>;
  /** The responses of the sandbox that violated the contract, oldest first. */
  violations(): Promise<Breach[]>;
  clearViolations(): Promise<void>;
  /** The responses of the real backend in this sandbox that violated the contract, oldest first. */
  drift(): Promise<Breach[]>;
  clearDrift(): Promise<void>;
  /** The deliveries of webhooks in the sandbox that match, oldest first. */
  deliveries(filters?: DeliveryFilters): Promise<Delivery[]>;
  /** Wait until as many deliveries match, as with `{ status: "delivered" }`; returns them, oldest first. */
  waitForDeliveries(options?: DeliveryWaitOptions): Promise<Delivery[]>;
  /** Clears the list; deliveries that are pending are not sent. */
  clearDeliveries(): Promise<void>;

  /** The contract's OpenAPI document. */
  openapi(): Promise<Record<string, any>>;
  /** The OpenAPI document of the control API. */
  controlOpenapi(): Promise<Record<string, any>>;
}
