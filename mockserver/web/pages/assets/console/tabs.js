// Tabs as in the ARIA Authoring Practices; the open one is in the address.
import { all, byId } from "../shared/dom.js";

/** A function that returns the name of the open tab. @type {MakeTabs} */
export function makeTabs(onChange) {
  const tabs = all("[role=tab]");
  let current = "";
  for (const tab of tabs) {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (/** @type {any} */ event) => {
      const target = tabs[nextTab(event.key, tabs.indexOf(tab), tabs.length)];
      if (!target) return;
      event.preventDefault();
      target.focus();
      select(target);
    });
  }
  const followAddress = () => open(location.hash.slice(1));
  addEventListener("hashchange", followAddress);
  open(tabs[0].dataset.view);
  followAddress();
  return () => current;

  /** @param {any} tab */
  function select(tab) {
    history.replaceState(null, "", `#${tab.dataset.view}`);
    open(tab.dataset.view);
    onChange();
  }

  /** @param {string} name */
  function open(name) {
    if (!tabs.some((tab) => tab.dataset.view === name)) return;
    current = name;
    for (const tab of tabs) {
      const isOpen = tab.dataset.view === name;
      tab.setAttribute("aria-selected", isOpen);
      tab.tabIndex = isOpen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !isOpen;
    }
  }
}

/** The index of the tab that a key leads to, or -1. @type {NextTab} */
export function nextTab(key, index, count) {
  const targets = { ArrowRight: (index + 1) % count, ArrowLeft: (index + count - 1) % count, Home: 0, End: count - 1 };
  return /** @type {any} */ (targets)[key] ?? -1;
}
