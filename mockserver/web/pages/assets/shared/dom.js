// Elements made from values. Text stays text: nothing here parses HTML.

/** The element with this id. @type {<K extends keyof Elements>(id: K) => Elements[K]} */
export const byId = (id) => /** @type {any} */ (document.getElementById(id));

/** The elements that match a selector. @type {(selector: string) => any[]} */
export const all = (selector) => [...document.querySelectorAll(selector)];

/** An element: `make("td.when", {title: "…", onclick: act}, "text", child)`, without null children. @type {Make} */
export function make(selector, ...content) {
  const [name, ...classes] = selector.split(".");
  const element = document.createElement(name);
  element.classList.add(...classes);
  const members = content[0]?.constructor === Object ? content.shift() : {};
  for (const [key, value] of Object.entries(/** @type {Members} */ (members))) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, String(value));
  }
  element.append(.../** @type {Node[]} */ (content.filter((child) => child !== null)));
  return /** @type {any} */ (element);
}

/** Set an element's text unless it is the same: unchanged text keeps its selection. @type {SetText} */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set an attribute; remove it if `value` is null or false. @type {SetAttribute} */
export function setAttribute(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** Make the children of `parent` match `items` by key: existing ones are updated in place. @type {Patch} */
export function patch(parent, items, key, create, update) {
  const existing = new Map([.../** @type {any} */ (parent.children)].map((child) => [child.dataset.key, child]));
  const children = items.map((item) => {
    const name = String(key(item));
    const child = existing.get(name) || create(item);
    existing.delete(name);
    child.dataset.key = name;
    update(child, item);
    return child;
  });
  for (const child of existing.values()) child.remove();
  // Moving an element takes its focus away, so only those out of place are moved, and the focus is restored.
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  let next = parent.firstElementChild;
  for (const child of children) {
    if (next && child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

/** Make a change in `container`; if it removes the focused element, focus what `fallback` returns. @type {KeepFocus} */
export function keepFocus(container, fallback, change) {
  const isInside = container.contains(document.activeElement);
  change();
  if (isInside && document.activeElement === document.body) fallback()?.focus({ preventScroll: true });
}
