// Times in a form that people read.

import { setText } from "../shared/dom.js";

/** @type {[string, number][]} */
const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]];

/** Show an instant in a `<time>`, exact and in UTC. @param {any} element @param {string} instant */
export function showExact(element, instant) {
  if (element.dateTime === instant) return;
  element.dateTime = instant;
  setText(element, instant.replace("T", " ").replace("Z", " UTC"));
}

/** How long before `now` an instant was; empty if `now` is null. @param {string} instant @param {?string} now */
export function ago(instant, now) {
  if (!now) return "";
  const since = Date.parse(now) - Date.parse(instant);
  const unit = UNITS.find(([, size]) => Math.abs(since) >= size);
  if (!unit) return "just now";
  const text = `${Math.floor(Math.abs(since) / unit[1])} ${unit[0]}`;
  return since < 0 ? `in ${text}` : `${text} ago`;
}

/** A duration in its two largest units. @param {number} milliseconds */
export function duration(milliseconds) {
  const index = UNITS.findIndex(([, size]) => milliseconds >= size);
  if (index < 0) return `${milliseconds} ms`;
  const [[name, size], next] = [UNITS[index], UNITS[index + 1]];
  const large = `${Math.floor(milliseconds / size)} ${name}`;
  const small = next ? Math.floor((milliseconds % size) / next[1]) : 0;
  return small ? `${large} ${small} ${next[0]}` : large;
}
