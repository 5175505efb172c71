// Which sandbox a test has, and which of its requests select it by which header.

/** The address of a mock server that is started without options. */
export const DEFAULT_URL = "http://127.0.0.1:4080";

const LENGTH = 64;
const RANDOM_BYTES = 6;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * The name of a sandbox for one attempt of a test: the words of its name, and a random part, so that repeats, retries
 * and other runs on the same server have others.
 * @param {(string | 0 | undefined)[]} words
 */
export function sandboxName(...words) {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const random = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const readable = words.filter(Boolean).join("-").normalize("NFKD").replace(/[^A-Za-z0-9.]+/g, "-").replace(/^[-.]+/, "");
  return `${readable.slice(0, LENGTH - random.length - 1).replace(/[-.]+$/, "") || "test"}-${random}`;
}

/** The headers that requests need to select a sandbox, by where they go; none for those of third parties. */
export class Selection {
  /** @param {string} sandbox @param {string} mock @param {string | null} [app] addresses of the mock and of the app */
  constructor(sandbox, mock, app) {
    this.sandbox = sandbox;
    this.mock = new URL(mock);
    this.app = app && URL.canParse(app) ? new URL(app) : undefined;
  }

  /** Matches the addresses at the origins of the mock and of the app. */
  get pattern() {
    const origins = [this.mock, this.app].filter((url) => url !== undefined).map(originPattern);
    return new RegExp(`^(?:${origins.join("|")})(?:[/?#]|$)`);
  }

  /**
   * The headers to add to a request, with names in lower case. A request that selects a sandbox by itself gets none.
   * @param {URL} url @param {Record<string, string | undefined>} headers its own, with names in lower case
   * @returns {Record<string, string>}
   */
  headersFor(url, headers) {
    if (headers["x-mock-sandbox"] !== undefined || url.pathname.startsWith("/__mock/in/")) return {};
    if (isSameOrigin(url, this.mock)) return { "x-mock-sandbox": this.sandbox };
    if (this.app === undefined || !isSameOrigin(url, this.app)) return {};
    const members = headers.baggage ?? "";
    if (/(^|,)\s*mock-sandbox\s*=/.test(members)) return {};
    // https://www.w3.org/TR/baggage/ lets servers cut a long list off at its end.
    return { baggage: [`mock-sandbox=${this.sandbox}`, members].filter(Boolean).join(",") };
  }
}

/** Whether two addresses have one origin; the names of the loopback interface are the same host. @param {URL} a @param {URL} b */
function isSameOrigin(a, b) {
  return a.protocol === b.protocol && a.port === b.port && hostOf(a) === hostOf(b);
}

/** @param {URL} url */
function hostOf(url) {
  return LOOPBACK.test(url.hostname) ? "localhost" : url.hostname;
}

/** @param {URL} url */
function originPattern(url) {
  const host = hostOf(url) === "localhost" ? LOOPBACK.source.slice(1, -1) : escape(url.hostname);
  return `${escape(url.protocol)}//${host}${url.port ? `:${url.port}` : ""}`;
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
