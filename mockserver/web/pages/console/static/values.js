// Values as people read them.

/** An instant without its date's separator: `2026-01-15 09:00:05.000`. */
export function instant(text) {
  return text.replace("T", " ").replace("Z", "");
}

/** The time of day of an instant. */
export function time(text) {
  return text.slice(11, -1);
}

/** How long from one instant to another: `1 h 5 m`, `2.5 s`. */
export function span(from, to) {
  const all = Math.max(0, Date.parse(to) - Date.parse(from));
  const parts = [
    [Math.floor(all / 86_400_000), "d"],
    [Math.floor(all / 3_600_000) % 24, "h"],
    [Math.floor(all / 60_000) % 60, "m"],
    [(all % 60_000) / 1000, "s"],
  ].filter(([count]) => count);
  return parts.slice(0, 2).map(([count, unit]) => `${count} ${unit}`).join(" ") || "0 s";
}

/** A value in a cell: text as it is, anything else as JSON. */
export function brief(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** JSON over several lines; what is text only stays that. */
export function lines(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** `1 record`, `5,000 records`. */
export function count(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}
