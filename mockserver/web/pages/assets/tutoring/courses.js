// The tutor's courses.

import { call, root } from "../shared/client.js";
import { byId, make, patch, setAttribute, setText } from "../shared/dom.js";
import { watch } from "./watch.js";

/** @param {Course[]} courses */
function show(courses) {
  patch(
    byId("rows"),
    courses,
    (course) => course.id,
    () => make("li", make("a"), make("span.quiet.mono")),
    (item, course) => {
      const [link, id] = item.children;
      setText(link, course.title);
      setAttribute(link, "href", `${root}/tutor/courses/${encodeURIComponent(course.id)}`);
      setText(id, course.id);
    },
  );
}

watch({
  load: async (signal) => (await call("/tutor/courses", { signal })).body.courses,
  show,
  isEmpty: (courses) => courses.length === 0,
});
