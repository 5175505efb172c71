// The question before a job is cancelled.

import { setText } from "../shared/dom.js";

/** Ask whether to cancel this job; polling is on hold meanwhile. @type {ConfirmCancel} */
export function confirmCancel(dialog, job, badge, polling) {
  const texts = { title: `Cancel ${job.id}?`, type: job.type, session: job.session_id, status: badge.label };
  for (const [part, text] of Object.entries(texts)) setText(dialog.querySelector(`[data-part=${part}]`), text);
  const release = polling.hold();
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
