// Calls to the server that this page came from, in the sandbox and scenario that the page is in.

/** What stands before every path: empty, or the base address of a sandbox. */
export const root = document.documentElement.dataset.root;

/** A refusal: `problem` is its RFC 9457 body where it has one. Status 0: no answer came. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code || "";
    this.problem = problem;
  }
}

const known = new Map();

/** Ask for `path`: `{status, body, headers, changed}`. Throws Refused. A GET that changed nothing gives the same body. */
export async function call(path, { method = "GET", body, headers = {}, signal } = {}) {
  const options = { method, signal, headers: { Accept: "application/json, application/problem+json", ...headers } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const lost = (detail) => (error) => {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { detail: error.name === "TimeoutError" ? "No answer came in time." : detail });
  };
  const answer = await fetch(root + path, options).catch(
    lost("The server cannot be reached, or it broke the connection."),
  );
  const text = await answer.text().catch(lost("The connection broke before the answer was complete."));
  if (!answer.ok) throw new Refused(answer.status, parsed(text, answer) || {});
  if (method !== "GET") return { status: answer.status, body: parsed(text, answer), headers: answer.headers, changed: true };
  const before = known.get(path);
  if (before && before.text === text) return { status: answer.status, body: before.body, headers: answer.headers, changed: false };
  const value = parsed(text, answer);
  while (known.size >= 8) known.delete(known.keys().next().value); // A page asks for few things at a time.
  known.set(path, { text, body: value });
  return { status: answer.status, body: value, headers: answer.headers, changed: true };
}

function parsed(text, answer) {
  if (!text) return null;
  if (!(answer.headers.get("Content-Type") || "").includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(answer.status, { detail: "The answer is no JSON." });
  }
}
