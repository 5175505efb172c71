// The buttons for a job's actions, and the notice of a failed one: the same in the list and in the panel.

import { make, patch, setAttribute, setText } from "../shared/dom.js";

const WORDS = {
  retry: { act: "Retry", acting: "Retrying…", failed: "The retry failed." },
  cancel: { act: "Cancel", acting: "Cancelling…", failed: "The cancellation failed." },
};

/** The actions that a job's status allows, and the one in progress. @type {OfferedActions} */
export function offeredActions(job, attempt, rules) {
  const actions = /** @type {Action[]} */ (Object.keys(rules.actions));
  return actions.filter(
    (name) => rules.actions[name].includes(job.status) || (attempt?.isBusy && attempt.action === name),
  );
}

/** Show a button for each offered action. @type {ShowActions} */
export function showActions(place, job, attempt, rules, act) {
  patch(
    place,
    offeredActions(job, attempt, rules),
    (name) => name,
    (name) =>
      make("button.small", { onclick: (event) => press(event.currentTarget, () => act(name)) },
        make("span"),
        make("span.visually-hidden", ` ${job.id}`),
      ),
    (button, name) => {
      const isActing = attempt?.isBusy && attempt.action === name;
      setText(button.firstElementChild, isActing ? WORDS[name].acting : WORDS[name].act);
      // Not `disabled`, which would take the focus away.
      setAttribute(button, "aria-disabled", attempt?.isBusy || false);
    },
  );
}

/** @param {Element} button @param {() => void} act */
function press(button, act) {
  if (!button.hasAttribute("aria-disabled")) act();
}

/** An empty notice, for `showProblem` to fill. @type {MakeProblem} */
export function makeProblem(id, repeat, dismiss) {
  const about = () => make("span.visually-hidden", `: ${id}`);
  return make("div.notice.danger.problem", make("p", make("strong"), " ", make("span")),
    make("button.small", { onclick: repeat }, "Try again", about()),
    make("button.small", { onclick: dismiss }, "Dismiss", about()),
  );
}

/** Say why an attempt failed; offer to repeat it if the server may not have decided. @type {ShowProblem} */
export function showProblem(element, attempt, prefix = "") {
  if (!attempt?.problem) return;
  const { problem, action, isRepeatable } = attempt;
  setText(element.querySelector("strong"), prefix + WORDS[action].failed);
  setText(element.querySelector("p > span"), (problem.status ? `${problem.status}: ` : "") + problem.message);
  element.querySelector("button").hidden = !isRepeatable;
}
