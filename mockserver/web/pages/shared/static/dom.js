// Elements from values. Text stays text: nothing here reads HTML.

/** The element with this id. */
export const at = (id) => document.getElementById(id);

/** An element: `make("td", {class: "when", onclick: act}, "text", child, …)`. Members that are null are left out. */
export function make(name, members = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(members)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...content.filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** Give `element` this text, unless it has it: what does not change keeps its selection. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Give `element` this attribute, or take it away where `value` is null. */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Bring the children of `parent` in line with `items`, by key: kept ones are patched where they stand. */
export function patch(parent, items, key, create, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const name = String(key(item));
    const child = known.get(name) || create(item);
    known.delete(name);
    child.dataset.key = name;
    update(child, item);
    return child;
  });
  for (const child of known.values()) child.remove();
  // What is moved loses its focus, so only what is out of place is moved, and gets it back.
  const focused = document.activeElement;
  let place = parent.firstElementChild;
  for (const child of wanted) {
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}
