// A course of the tutor's: its sessions, each with the badge that the server gives it.

import { call } from "../shared/client.js";
import { make, patch, setText } from "../shared/dom.js";
import { makeBadge, showBadge } from "./badge.js";
import { listenToTabs } from "./tabs.js";
import { watch } from "./watch.js";

const heading = document.getElementById("title");
const rows = document.getElementById("rows");
const { course } = heading.dataset;

async function ask(signal) {
  const [sessions, courses] = await Promise.all([
    call(`/tutor/courses/${encodeURIComponent(course)}/sessions`, { signal }),
    call("/tutor/courses", { signal }),
  ]);
  return { sessions: sessions.body.sessions, title: courses.body.courses.find((one) => one.id === course)?.title };
}

function show({ sessions, title }) {
  if (title) {
    setText(heading, title);
    document.title = `${title} · ${document.title.split(" · ").at(-1)}`;
  }
  patch(
    rows,
    sessions,
    (session) => session.id,
    () => {
      const id = make("td", { class: "quiet mono" });
      return make("tr", {}, make("th", { scope: "row" }), id, make("td", {}, makeBadge()));
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
watch({ ask, show, isEmpty: ({ sessions }) => sessions.length === 0 });
