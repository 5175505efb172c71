// Values in a form that people read.

/** `2026-01-15 09:00:05.000`. @param {string} instant */
export function dateAndTime(instant) {
  return instant.replace("T", " ").replace("Z", "");
}

/** The time of day of an instant. @param {string} instant */
export function timeOfDay(instant) {
  return instant.slice(11, -1);
}

/** The time between two instants: `1 h 5 m`, `2.5 s`. @type {Duration} */
export function duration(from, to) {
  const all = Math.max(0, Date.parse(to) - Date.parse(from));
  const parts = [
    [Math.floor(all / 86_400_000), "d"],
    [Math.floor(all / 3_600_000) % 24, "h"],
    [Math.floor(all / 60_000) % 60, "m"],
    [(all % 60_000) / 1000, "s"],
  ].filter(([number]) => number);
  return parts.slice(0, 2).map((part) => part.join(" ")).join(" ") || "0 s";
}

/** A value in a cell: a string as it is, anything else as JSON. @param {unknown} value */
export function cellText(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The same over several lines. @param {unknown} value */
export function fullText(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** `1 record`, `5,000 records`. @param {number} number @param {string} noun */
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
