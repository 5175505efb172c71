// Requests whose errors are shown beside what sent them.
import { RequestError, call } from "../shared/client.js";
import { byId, make } from "../shared/dom.js";
import { listItems } from "./elements.js";

/** Send a request; null after an error, which is shown in `errorId`. @type {Send} */
export async function send(errorId, method, path, body, headers) {
  byId(errorId).replaceChildren();
  try {
    return await call(path, { method, body, headers });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    showError(errorId, `${method} ${path}${body === undefined ? "" : ` ${JSON.stringify(body)}`}`, error);
    return null;
  }
}

/** Show which request failed, and why. @type {ShowError} */
export function showError(id, request, { status, code, message, problem: { violations = [] } }) {
  byId(id).replaceChildren(
    make("div.notice.danger.refusal", make("p", make("strong", `${status || ""} ${code}`.trim()), ` ${message}`),
      violations.length > 1 ? violationList(violations) : null,
      make("p.mono", request),
    ),
  );
}

/** The place and message of each violation. @param {Violation[]} violations */
export function violationList(violations) {
  return make("ul.violations", ...listItems(violations, ({ location, name, pointer, message, keyword }) => [
    make("code", [location, name, pointer].filter(Boolean).join(" ")),
    ` ${message} `,
    make("span.quiet", `(${keyword})`),
  ]));
}
