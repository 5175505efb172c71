// Tabs as the ARIA Authoring Practices have them; the one that is open is in the address.

/** The tabs of `list`; `changed` is called when another one is opened. `current` is the open one's name. */
export class Tabs {
  #tabs;
  #changed;
  current = "";

  constructor(list, changed) {
    this.#tabs = [...list.children];
    this.#changed = changed;
    list.addEventListener("click", (event) => this.#choose(event.target.closest("[role=tab]")));
    list.addEventListener("keydown", (event) => this.#move(event));
    window.addEventListener("hashchange", () => this.#open(location.hash.slice(1)));
    this.#open(location.hash.slice(1));
    if (!this.current) this.#open(nameOf(this.#tabs[0]));
  }

  #choose(tab) {
    if (!tab) return;
    const name = nameOf(tab);
    history.replaceState(null, "", `#${name}`);
    this.#open(name);
    this.#changed();
  }

  #move(event) {
    const last = this.#tabs.length - 1;
    const from = this.#tabs.indexOf(event.target);
    const to = { ArrowRight: from === last ? 0 : from + 1, ArrowLeft: from ? from - 1 : last, Home: 0, End: last }[event.key];
    if (from < 0 || to === undefined) return;
    event.preventDefault();
    this.#tabs[to].focus();
    this.#choose(this.#tabs[to]);
  }

  #open(name) {
    if (!this.#tabs.some((tab) => nameOf(tab) === name)) return;
    this.current = name;
    for (const tab of this.#tabs) {
      const chosen = nameOf(tab) === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen;
    }
  }
}

// A panel's own id is not in the address: the browser would jump there.
function nameOf(tab) {
  return tab.id.slice("tab-".length);
}
