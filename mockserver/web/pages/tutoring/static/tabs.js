// Tabs over panels: one is chosen, the arrow keys lead to the others.

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

/** Have the tabs of this list show their panels, each named by its tab's `aria-controls`. */
export function listenToTabs(list) {
  const tabs = [...list.querySelectorAll("[role=tab]")];

  function choose(chosen) {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
    choose(next);
    next.focus();
  });
}
