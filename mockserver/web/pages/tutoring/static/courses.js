// The tutor's courses.

import { call, root } from "../shared/client.js";
import { make, patch, setAttribute, setText } from "../shared/dom.js";
import { watch } from "./watch.js";

const rows = document.getElementById("rows");

function show(courses) {
  patch(
    rows,
    courses,
    (course) => course.id,
    () => make("li", {}, make("a"), make("span", { class: "quiet mono" })),
    (item, course) => {
      const [link, id] = item.children;
      setText(link, course.title);
      setAttribute(link, "href", `${root}/tutor/courses/${encodeURIComponent(course.id)}`);
      setText(id, course.id);
    },
  );
}

watch({
  ask: async (signal) => (await call("/tutor/courses", { signal })).body.courses,
  show,
  isEmpty: (courses) => courses.length === 0,
});
