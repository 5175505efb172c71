// The question before a job is cancelled.

import { setText } from "../shared/dom.js";

/** Ask whether to cancel this job; `hold` keeps the page still meanwhile, and gives the function that lets it go. */
export function confirmCancel(dialog, job, badge, hold) {
  setText(dialog.querySelector("h2"), `Cancel ${job.id}?`);
  setText(dialog.querySelector("[data-part=type]"), job.type);
  setText(dialog.querySelector("[data-part=session]"), job.session_id);
  setText(dialog.querySelector("[data-part=status]"), badge.label);
  const release = hold();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        release();
        resolve(dialog.returnValue === "cancel");
      },
      { once: true },
    );
  });
}
