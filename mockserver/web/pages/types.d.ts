// Types of the values that the pages' scripts receive from the server and pass around. Only the type checker reads this.

type RequestError = import("./assets/shared/client.js").RequestError;
type Polling = import("./assets/shared/polling.js").Polling;

// The control API, whose values the JavaScript package for tests declares
type Entry = import("../../kit/client.js").Entry;
type Violation = import("../../kit/client.js").Violation;
type Fired = import("../../kit/client.js").Fired;
type ViolationEntry = import("../../kit/client.js").Breach;
type Delivery = import("../../kit/client.js").Delivery;
type Override = import("../../kit/client.js").PlacedOverride;
type Selected = import("../../kit/client.js").Scenarios["selected"];
type ClockState = import("../../kit/client.js").MovedClock;
type LoggedMessage = import("../../kit/client.js").Message;
type JournalEntry = Entry & Required<Pick<Entry, "request" | "response">>;
type NearestOperation = NonNullable<Entry["nearest"]>[number];

/** An RFC 9457 problem document, as far as the pages show it. */
interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  violations?: any[];
}

interface CallOptions {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

// shared/dom.js

/** Attributes, and event handlers, whose names begin with `on`. */
type Members = Record<string, string | number | ((event: any) => unknown)>;
type Tag<S> = S extends `${infer T}.${string}` ? Tag<T> : S;
type ElementOf<S> = Tag<S> extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[Tag<S>] : never;
/** The members come first, if there are any; then the children. */
type Make = <S extends string>(selector: S, ...content: (Members | Node | string | null)[]) => ElementOf<S>;
type SetText = (element: any, text: string) => void;
type SetAttribute = (element: any, name: string, value: string | boolean | null) => void;
type Patch = <T, E extends HTMLElement>(
  parent: Element,
  items: T[],
  key: (item: T) => string | number,
  create: (item: T) => E,
  update: (child: E, item: T) => void,
) => void;
type KeepFocus = (container: Element, fallback: () => HTMLElement | null, change: () => void) => void;

// The queue and the tutor's pages

type Action = "retry" | "cancel";

interface Job {
  id: string;
  session_id: string;
  type: string;
  status: string;
  updated_at: string;
}

interface JobEvent {
  job_id: string;
  event_type: string;
  at: string;
}

interface Course {
  id: string;
  title: string;
}

interface Session {
  id: string;
  course_id: string;
  title?: string;
  status_badge: Badge;
}

interface Badge {
  status: string;
  label: string;
  style: string;
}

/** The contract's rules for jobs, as `tutoring/__init__.py` writes them into the page. */
interface Rules {
  statuses: string[];
  badges: Record<string, Badge>;
  types: string[];
  /** The statuses that an action may start from. */
  actions: Record<Action, string[]>;
  /** The names of the events of jobs. */
  events: string[];
  /** The status that an event leads to. */
  targets: Record<string, string>;
}

interface Query {
  statuses: string[];
  type: string;
  text: string;
  sort: string;
  page: number;
  /** The id of the job in the panel, or empty. */
  job: string;
}

type Counts = Record<string, number>;

interface JobList {
  jobs: Job[];
  total: number;
}

interface Page extends JobList {
  /** The number of jobs by status, if it was known without further requests. */
  counts: Counts | null;
}

interface Attempt {
  action: Action;
  /** The idempotency key. */
  key: string;
  isBusy: boolean;
  problem: RequestError | null;
  /** Whether it is worth repeating with the same key. */
  isRepeatable: boolean;
}

type JobRow = HTMLTableRowElement & { job?: Job };

interface RowHandlers {
  act: (job: Job, action: Action) => void;
  repeat: (job: Job) => void;
  dismiss: (id: string) => void;
  /** The address that opens a job in the panel. */
  link: (id: string) => string;
}

interface PanelHandlers extends RowHandlers {
  /** The address of the jobs of a session. */
  session: (id: string) => string;
}

// tutoring/api.js

type Fetch<T> = (id: string, signal?: AbortSignal) => Promise<T>;
type FetchJobs = (query: Query, parameters: string[][], signal?: AbortSignal) => Promise<JobList>;
type FetchPage = (query: Query, statuses: string[], signal?: AbortSignal) => Promise<Page>;
type FetchCounts = (query: Query, statuses: string[], page: Page, signal?: AbortSignal) => Promise<Counts>;
type Act = (id: string, action: Action, key: string) => Promise<Job>;

// The parts of the queue

interface Attempts {
  of: (id: string) => Attempt | undefined;
  /** The ids of the jobs whose last attempt failed. */
  failed: () => string[];
  /** Forget a failed attempt. */
  dismiss: (id: string) => void;
  /** Retry or cancel: the changed job, or null if that failed. A repeat has the same key. */
  run: (id: string, action: Action) => Promise<Job | null>;
}

type ReadQuery = (search: string, rules: Rules) => Query;
type NextSort = (sort: string, field: string) => string;
type MakeAttempts = (onChange: () => void) => Attempts;
type OfferedActions = (job: Job, attempt: Attempt | undefined, rules: Rules) => Action[];
type ShowActions = (
  place: any,
  job: Job,
  attempt: Attempt | undefined,
  rules: Rules,
  act: (action: Action) => void,
) => void;
type MakeProblem = (id: string, repeat: () => void, dismiss: () => void) => HTMLElement;
type ShowProblem = (notice: any, attempt: Attempt | undefined, prefix?: string) => void;
type ShowFailure = (failure: RequestError | null, hasRows: boolean, since: string) => void;
type ConfirmCancel = (dialog: HTMLDialogElement, job: Job, badge: Badge, polling: Polling) => Promise<boolean>;
type ListenTo = (id: keyof Elements, selector: string, handle: (element: any, event: MouseEvent) => void) => void;
type MakeRows = (
  body: HTMLTableSectionElement,
  rules: Rules,
  attempts: Attempts,
  on: RowHandlers,
) => (jobs: Job[], now: string | null, openId: string) => void;

type MakePanel = (element: HTMLElement, rules: Rules, attempts: Attempts, on: PanelHandlers) => {
  open: (id: string, listed?: Job) => void;
  put: (changed: Job) => void;
  load: () => Promise<void>;
  render: (now?: string | null) => void;
};

// tutoring/watch.js

interface WatchedPage<T> {
  load: (signal: AbortSignal) => Promise<T>;
  show: (loaded: T) => void;
  isEmpty: (loaded: T) => boolean;
}

// The console

/** The body of a request that moves the clock, for example `{"advance": "30s"}`. */
type ClockMove = Record<string, string | number>;

interface JournalPage {
  requests: JournalEntry[];
  /** The number of entries that match. */
  total: number;
  /** The number of requests since the last reset. */
  seen: number;
  /** The number of requests that the journal no longer has; absent if it has all. */
  dropped?: number;
}

/** The response of `/__mock/verdict`, which is a problem document if the test failed. */
interface Verdict {
  verdict?: string;
  requests?: number;
  code?: string;
  title?: string;
  detail?: string;
  unmatched?: JournalEntry[];
  refused?: JournalEntry[];
  violations?: ViolationEntry[];
  unused_overrides?: (Record<string, unknown> & { scenario: string })[];
}

/** A resource, as `console/__init__.py` writes it into the page. */
interface Resource {
  name: string;
  /** The member that is the key; empty if records have none. */
  key: string;
  columns: string[];
  /** The member that holds the state, if the resource has a lifecycle. */
  field: string | null;
  states: string[];
  transitions: { name: string; sources: string[]; target: string }[];
}

type StoredRecord = Record<string, any>;
type RecordRow = HTMLTableRowElement & { recordKey?: any };

/** What one of the tabs shows; `update` loads it again if the version of the run is another one. */
interface View {
  update: (version: string, generation: number) => Promise<void>;
}

interface Pane {
  /** The number or key of the selected item. */
  selected: any;
  title: HTMLElement;
  setTitle: (text: string) => void;
}

type Write = (id: keyof Elements, text: string | number) => void;
type Toggle = (id: keyof Elements, isShown: unknown) => void;
type On = (id: keyof Elements, name: string, handle: (event: any) => void) => void;
type Send = (
  errorId: keyof Elements,
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<{ body: any; headers: Headers } | null>;
type ShowError = (
  id: keyof Elements,
  request: string,
  error: { status: number; code: string; message: string; problem: Problem },
) => void;
type Confirm = (polling: Polling, title: string, text: string, yes: string) => Promise<boolean>;
type MakeClock = (refresh: () => void) => (clock: ClockState) => void;
type MoveText = (move: ClockMove, clock: ClockState) => string;
type MakeView = (refresh: () => void) => View;
type MakeRecords = (resources: Resource[], refresh: () => void) => View;
type ComposeOverride = (text: string, valueOf: (field: string) => string) => string;
type JournalQuery = (filters: Iterable<string[]>, limit: number) => string;
type UpdateRecordRow = (row: RecordRow, item: { record: StoredRecord; key: any }) => void;
type Fire = (key: any, transition: string, errorId: keyof Elements) => Promise<void>;
type Duration = (from: string, to: string) => string;
type ListItems = <T>(values: T[], content: (value: T) => (Node | string)[], limit?: number) => HTMLLIElement[];
type VerdictGroup = <T>(
  title: string,
  values: T[] | undefined,
  content: (value: T) => (Node | string)[],
) => HTMLElement[];
type ShowEntry = (pane: Pane, number: number, entry?: JournalEntry) => void;
type MakePane = (id: keyof Elements, onClose: (selected: any) => void) => Pane;
type ShowRecord = (
  pane: Pane,
  resource: Resource,
  record: StoredRecord | undefined,
  transitions: string[],
  fire: Fire,
) => void;
type ShowLifecycle = (resource: Resource, state: string | null, counts: Map<string, number>) => void;
type MatchingRecords = (
  records: StoredRecord[],
  field: string | null,
  state: string,
  text: string,
) => StoredRecord[];
type SharedTexts = (
  scenario: string,
  sandbox: string,
  base: string,
  path: string,
) => { link: string; curl: string; headers: string };
type MakeTabs = (onChange: () => void) => () => string;
type NextTab = (key: string, index: number, count: number) => number;

// The API docs

type OpenApiDocument = { paths?: Record<string, Record<string, any>>; servers?: { url: string }[] };

interface Window {
  SwaggerUIBundle: (options: Record<string, unknown>) => void;
}

// Elements by id

interface Elements {
  // Of the API docs
  docs: HTMLElement & { dataset: { document: string; sandbox: string; scenario: string } };

  // Of the console
  "add-override": HTMLFormElement & { elements: Record<string, any> };
  "add-status": HTMLElement;
  advance: HTMLFormElement;
  ask: HTMLDialogElement;
  "ask-text": HTMLElement;
  "ask-title": HTMLElement;
  "ask-yes": HTMLElement;
  violations: HTMLElement;
  "violations-section": HTMLElement;
  "clear-deliveries": HTMLButtonElement;
  "clear-journal": HTMLButtonElement;
  "clear-overrides": HTMLButtonElement;
  "clear-violations": HTMLButtonElement;
  "clock-fired": HTMLElement;
  "clock-mode": HTMLElement;
  "clock-status": HTMLElement;
  console: HTMLElement & { dataset: { resources: string; mount: string; sample: string } };
  "copy-curl": HTMLElement;
  "copy-headers": HTMLElement;
  "copy-link": HTMLElement;
  "deliveries-count": HTMLElement;
  "deliveries-empty": HTMLElement;
  "deliveries-scroll": HTMLElement;
  "deliveries-status": HTMLElement;
  "delivery-filters": HTMLFormElement;
  "delivery-rows": HTMLTableSectionElement;
  download: HTMLButtonElement;
  due: HTMLElement;
  duration: HTMLInputElement;
  "entry-content": HTMLElement;
  entry: HTMLElement;
  generation: HTMLElement;
  "share": HTMLDialogElement;
  "share-title": HTMLElement;
  "share-status": HTMLElement;
  ignored: HTMLElement;
  "journal-count": HTMLElement;
  "journal-empty": HTMLElement;
  "journal-filters": HTMLFormElement;
  "journal-rows": HTMLTableSectionElement;
  "journal-scroll": HTMLElement;
  "journal-status": HTMLElement;
  "load-verdict": HTMLButtonElement;
  leave: HTMLElement;
  mode: HTMLFormElement;
  "mode-name": HTMLSelectElement;
  more: HTMLButtonElement;
  next: HTMLButtonElement;
  now: HTMLElement;
  "override-json": HTMLTextAreaElement;
  "override-rows": HTMLTableSectionElement;
  "overrides-empty": HTMLElement;
  "overrides-scroll": HTMLElement;
  "overrides-status": HTMLElement;
  pager: HTMLElement;
  "panel-deliveries": HTMLElement;
  previous: HTMLButtonElement;
  record: HTMLElement;
  "record-columns": HTMLElement;
  "record-gone": HTMLElement;
  "record-json": HTMLElement;
  "record-rows": HTMLTableSectionElement;
  "record-text": HTMLInputElement;
  "record-status": HTMLElement;
  "record-transitions": HTMLElement;
  "records-count": HTMLElement;
  "records-empty": HTMLElement;
  "records-scroll": HTMLElement;
  "records-status": HTMLElement;
  "reset-run": HTMLButtonElement;
  "reset-sandbox": HTMLButtonElement;
  resource: HTMLSelectElement;
  revision: HTMLElement;
  "run-status": HTMLElement;
  sandbox: HTMLElement;
  "sandbox-name": HTMLInputElement;
  sandboxes: HTMLElement;
  "sandbox-via": HTMLElement;
  scenario: HTMLElement;
  "scenario-via": HTMLElement;
  speed: HTMLInputElement;
  "speed-field": HTMLElement;
  state: HTMLSelectElement;
  "state-filter": HTMLElement;
  "to-default": HTMLElement;
  trouble: HTMLElement;
  verdict: HTMLElement;


  // Of the queue and the tutor's pages
  cancel: HTMLDialogElement;
  clear: HTMLButtonElement;
  error: HTMLElement;
  filters: HTMLFormElement;
  jobs: HTMLTableElement;
  list: HTMLElement;
  live: HTMLElement;
  page: HTMLElement;
  pages: HTMLElement;
  pause: HTMLButtonElement;
  problems: HTMLElement;
  queue: HTMLElement & { dataset: { rules: string } };
  range: HTMLElement;
  rows: HTMLTableSectionElement;
  side: HTMLElement;
  "side-close": HTMLButtonElement;
  "side-title": HTMLElement;
  split: HTMLElement;
  stale: HTMLElement;
  "stale-since": HTMLElement;
  "stale-why": HTMLElement;
  statuses: HTMLElement;
  text: HTMLInputElement;
  title: HTMLElement;
  announcement: HTMLElement;
  turn: HTMLElement;
  type: HTMLSelectElement;
}
