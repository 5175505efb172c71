// The badge of a status: shape, word and colour, as the contract defines them.

import { make, setText } from "../shared/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const SYMBOLS = new URL("status.svg", import.meta.url).pathname;

/** An empty badge, for `showBadge` to fill. */
export function makeBadge() {
  const symbol = document.createElementNS(SVG, "svg");
  symbol.setAttribute("class", "symbol");
  symbol.setAttribute("aria-hidden", "true");
  symbol.append(document.createElementNS(SVG, "use"));
  return make("span.badge", symbol, make("span"));
}

/** Show a status in a badge. @param {any} badge @param {Badge} status */
export function showBadge(badge, { status, label, style }) {
  if (badge.dataset.style !== style) {
    badge.dataset.style = style;
    badge.querySelector("use").setAttribute("href", `${SYMBOLS}#${style}`);
  }
  badge.dataset.status = status;
  setText(badge.lastElementChild, label);
}
