// The fixed parts of this page, by id: what they say, and what is done there.
import { at, setText } from "../shared/dom.js";

/** Have the element `id` say this. */
export const say = (id, text) => setText(at(id), String(text));

/** Show or hide the element `id`. */
export const reveal = (id, shown) => (at(id).hidden = !shown);

/** Have something done at the element `id`; a form that is submitted is not sent. */
export function on(id, event, act) {
  at(id).addEventListener(event, (happened) => {
    if (event === "submit") happened.preventDefault();
    act(happened);
  });
}
