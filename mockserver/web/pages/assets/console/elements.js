// The elements of this page, by id, and lists.
import { byId, make, setText } from "../shared/dom.js";
import { count } from "./format.js";

/** Set the text of an element. @type {Write} */
export const write = (id, text) => setText(byId(id), String(text));

/** Show or hide an element. @type {Toggle} */
export const toggle = (id, isShown) => (byId(id).hidden = !isShown);

/** Handle an event of an element; a submitted form is not sent. @type {On} */
export function on(id, name, handle) {
  byId(id).addEventListener(name, (event) => {
    if (name === "submit") event.preventDefault();
    handle(event);
  });
}

/** List items for the first `limit` values, and one that counts the others. @type {ListItems} */
export function listItems(values, content, limit = Infinity) {
  const items = values.slice(0, limit).map((value) => make("li", ...content(value)));
  if (values.length > limit) items.push(make("li.quiet", `and ${count(values.length - limit, "other")}`));
  return items;
}
