// Times as people read them.

import { setText } from "../shared/dom.js";

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]];

/** Show an instant in a `<time>`, exact and in UTC. */
export function showExact(element, instant) {
  if (element.getAttribute("datetime") === instant) return;
  element.setAttribute("datetime", instant);
  setText(element, instant.replace("T", " ").replace("Z", " UTC"));
}

/** How long ago an instant was by the clock that stands at `now`; nothing where no clock is known. */
export function ago(instant, now) {
  if (!now) return "";
  const since = Date.parse(now) - Date.parse(instant);
  const text = coarse(Math.abs(since));
  if (!text) return "just now";
  return since < 0 ? `in ${text}` : `${text} ago`;
}

function coarse(milliseconds) {
  const unit = UNITS.find(([, size]) => milliseconds >= size);
  return unit ? `${Math.floor(milliseconds / unit[1])} ${unit[0]}` : "";
}

/** A span of time in its two largest units. */
export function span(milliseconds) {
  const first = UNITS.findIndex(([, size]) => milliseconds >= size);
  if (first < 0) return `${milliseconds} ms`;
  const [[name, size], rest] = [UNITS[first], UNITS[first + 1]];
  const large = `${Math.floor(milliseconds / size)} ${name}`;
  const small = rest ? Math.floor((milliseconds % size) / rest[1]) : 0;
  return small ? `${large} ${small} ${rest[0]}` : large;
}
