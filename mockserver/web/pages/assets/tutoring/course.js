// A tutor's course: its sessions, each with the badge from the server.

import { call } from "../shared/client.js";
import { byId, make, patch, setText } from "../shared/dom.js";
import { makeBadge, showBadge } from "./badge.js";
import { listenToTabs } from "./tabs.js";
import { watch } from "./watch.js";

const heading = byId("title");
const course = heading.dataset.course || "";

/** @param {AbortSignal} signal @returns {Promise<{sessions: Session[], title?: string}>} */
async function load(signal) {
  const [sessions, courses] = await Promise.all([
    call(`/tutor/courses/${encodeURIComponent(course)}/sessions`, { signal }),
    call("/tutor/courses", { signal }),
  ]);
  const { title } = courses.body.courses.find((/** @type {Course} */ { id }) => id === course) || {};
  return { sessions: sessions.body.sessions, title };
}

/** @param {{sessions: Session[], title?: string}} loaded */
function show({ sessions, title }) {
  if (title) {
    setText(heading, title);
    document.title = `${title} · ${document.title.split(" · ").at(-1)}`;
  }
  patch(
    byId("rows"),
    sessions,
    (session) => session.id,
    () => {
      const id = make("td.quiet.mono");
      return make("tr", make("th", { scope: "row" }), id, make("td", makeBadge()));
    },
    (row, session) => {
      const [name, id, status] = row.cells;
      setText(name, session.title || session.id);
      setText(id, session.id);
      showBadge(status.firstElementChild, session.status_badge);
    },
  );
}

listenToTabs(document.querySelector("[role=tablist]"));
watch({ load, show, isEmpty: ({ sessions }) => sessions.length === 0 });
