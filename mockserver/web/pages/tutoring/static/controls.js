// What can be done with a job, and what went wrong: the same in the list and beside it.

import { make, patch, setText } from "../shared/dom.js";

const WORDS = {
  retry: { act: "Retry", acting: "Retrying…", failed: "The retry failed." },
  cancel: { act: "Cancel", acting: "Cancelling…", failed: "The cancellation failed." },
};

/** Show a button for each action that the job's status allows, and for the one that is under way. */
export function showActions(place, job, attempt, rules, act) {
  const names = Object.keys(rules.actions).filter(
    (name) => rules.actions[name].includes(job.status) || (attempt?.busy && attempt.action === name),
  );
  patch(
    place,
    names,
    (name) => name,
    (name) =>
      make(
        "button",
        { type: "button", class: "small", onclick: (event) => pressed(event.currentTarget, name, act) },
        make("span"),
        make("span", { class: "unseen" }, ` ${job.id}`),
      ),
    (button, name) => {
      const busy = Boolean(attempt?.busy);
      setText(button.firstElementChild, busy && attempt.action === name ? WORDS[name].acting : WORDS[name].act);
      // Not `disabled`: that would take the focus away.
      if (busy) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    },
  );
}

function pressed(button, name, act) {
  if (button.getAttribute("aria-disabled") !== "true") act(name);
}

/** An empty account of what went wrong, for `showProblem` to fill. */
export function makeProblem(id, { again, dismiss }) {
  const about = () => make("span", { class: "unseen" }, `: ${id}`);
  return make(
    "div",
    { class: "notice danger problem" },
    make("p", {}, make("strong"), " ", make("span")),
    make("button", { type: "button", class: "small", onclick: again }, "Try again", about()),
    make("button", { type: "button", class: "small", onclick: dismiss }, "Dismiss", about()),
  );
}

/** Say what went wrong with an attempt; it is offered again where the server has not decided. */
export function showProblem(element, attempt, prefix = "") {
  const { problem, action, repeatable } = attempt;
  setText(element.querySelector("strong"), prefix + WORDS[action].failed);
  setText(element.querySelector("p > span"), (problem.status ? `${problem.status}: ` : "") + problem.message);
  element.querySelector("button").hidden = !repeatable;
}
