// The badge of a status: shape, word and colour, as the contract has them.

import { root } from "../shared/client.js";
import { make, setText } from "../shared/dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** An empty badge, for `showBadge` to fill. */
export function makeBadge() {
  const symbol = document.createElementNS(SVG, "svg");
  symbol.setAttribute("class", "symbol");
  symbol.setAttribute("aria-hidden", "true");
  symbol.append(document.createElementNS(SVG, "use"));
  return make("span", { class: "badge" }, symbol, make("span"));
}

/** Have the badge say what `{status, label, style}` says. */
export function showBadge(badge, { status, label, style }) {
  if (badge.dataset.style !== style) {
    badge.dataset.style = style;
    badge.querySelector("use").setAttribute("href", `${root}/__mock/assets/tutoring/status.svg#${style}`);
  }
  badge.dataset.status = status;
  setText(badge.lastElementChild, label);
}
