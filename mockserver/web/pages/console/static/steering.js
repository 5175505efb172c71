// Calls that change something: what came of them is told beside what asked for them.
import { Refused, call } from "../shared/client.js";
import { make } from "../shared/dom.js";

/** Ask the control API for something; a refusal is told in `place`, and gives null. */
export async function steer(place, method, path, body, headers) {
  place.replaceChildren();
  try {
    return await call(path, { method, body, headers });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(place, `${method} ${path}${body === undefined ? "" : ` ${JSON.stringify(body)}`}`, error);
    return null;
  }
}

/** Say in `place` what was asked for, and how it was refused. */
export function tell(place, asked, error) {
  const { violations = [] } = error.problem;
  place.replaceChildren(
    make(
      "div",
      { class: "notice danger refusal" },
      make("p", {}, make("strong", {}, [error.status || "", error.code].join(" ").trim()), " ", error.message),
      violations.length > 1 ? violationList(violations) : null,
      make("p", { class: "mono" }, asked),
    ),
  );
}

/** Every violation: where, and what is wrong there. */
export function violationList(violations) {
  return make(
    "ul",
    { class: "violations" },
    ...violations.map((one) =>
      make(
        "li",
        {},
        make("code", {}, [one.location, one.name, one.pointer].filter(Boolean).join(" ")),
        ` ${one.message} `,
        make("span", { class: "quiet" }, `(${one.keyword})`),
      ),
    ),
  );
}
