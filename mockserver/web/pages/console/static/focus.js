// Focus stays where somebody works, also where what had it goes away.

/** Change something inside `container`; if that takes the focus away, give it to what `fallback` names. */
export function keepFocus(container, fallback, change) {
  const had = container.contains(document.activeElement);
  change();
  const has = document.activeElement && document.activeElement !== document.body;
  if (had && !has) fallback()?.focus();
}
