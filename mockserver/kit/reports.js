// What the mock server refused or found, as text for a failed test.

/** @typedef {import("./client.js").Problem} Problem */

/** @param {number} status @param {Problem} problem @returns {string} */
export function describeProblem(status, problem) {
  const detail = problem.detail ?? problem.title ?? `The server responded with status ${status}.`;
  const head = problem.code && status ? `${problem.code} (${status}): ${detail}` : detail;
  return [head, ...sections(problem)].map(printable).join("\n");
}

/**
 * The line with escapes for what a terminal obeys or does not show: it quotes requests and responses.
 * @param {string} line
 */
function printable(line) {
  return line.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** @param {Problem} problem @returns {string[]} */
function sections(problem) {
  switch (problem.code) {
    case "verdict-failed":
      return [
        ...section("Responses that violated the contract", problem.violations, describeBreach),
        ...section("Requests that matched no operation", problem.unmatched, describeUnmatched),
        ...section("Requests that violated the contract", problem.refused, describeRefused),
        ...section("Overrides that were never used", problem.unused_overrides, describeOverride),
        ...section("Responses of the real backend that violated the contract", problem.drift, describeBreach),
      ];
    case "verify-failed":
      return problem.expectations.filter((/** @type {any} */ result) => !result.satisfied).flatMap(describeExpectation);
    case "wait-timeout":
      return [
        ...section("The latest requests", problem.requests, describeEntry),
        ...section("The latest deliveries", problem.deliveries, describeDelivery),
      ];
    case "token-required":
      return ["  Set MOCKSERVER_TOKEN in the environment of the tests, or the option `token` of the client."];
    default:
      return section("Violations", problem.violations, (violation) => [describeViolation(violation)]);
  }
}

/** @param {string} title @param {any[] | undefined} items @param {(item: any) => string[]} describe */
function section(title, items, describe) {
  if (!items?.length) return [];
  return [`  ${title}:`, ...items.flatMap(describe).map((line) => `    ${line}`)];
}

/** A request on one line: number, method, target, status, operation and why it was refused. @param {any} entry */
export function describeEntry(entry) {
  const target = entry.query ? `${entry.path}?${entry.query}` : entry.path ?? "";
  const number = entry.number === undefined ? "" : `#${entry.number} `;
  const code = entry.code ?? entry.response?.headers["X-Mock-Code"];
  const parts = [`${number}${entry.method} ${target}`, entry.status, entry.operation, code, entry.note];
  return [printable(parts.filter((part) => part !== undefined && part !== null && part !== "").join(" · "))];
}

/** @param {any} delivery */
function describeDelivery({ webhook, event, key, url, status, attempts }) {
  const outcomes = attempts.map((/** @type {any} */ attempt) => attempt.status ?? attempt.error);
  return [printable([webhook, `${event} of ${key}`, url, status, ...outcomes].join(" · "))];
}

/** @param {any} breach */
function describeBreach(breach) {
  return [...describeEntry(breach), ...indent((breach.violations ?? []).map(describeViolation))];
}

/** @param {any} entry */
function describeUnmatched(entry) {
  const nearest = (entry.nearest ?? []).map(
    (/** @type {any} */ near) => `similar: ${near.operation} ${near.method} ${near.path} (${near.why})`);
  return [...describeEntry(entry), ...indent(nearest)];
}

/** @param {any} entry */
function describeRefused(entry) {
  const reasons = (entry.violations ?? []).map(describeViolation);
  if (!reasons.length && entry.detail) reasons.push(entry.detail);
  if (entry.code) reasons.push(`if the test does this on purpose: mockAllow: ["${entry.code}"], or allow of verdict()`);
  return [...describeEntry(entry), ...indent(reasons)];
}

/** @param {any} override */
function describeOverride({ id, operation, scenario, closest, ...fields }) {
  return [`${id} of ${operation} in the scenario ${scenario}: ${JSON.stringify(fields)}`, ...describeClosest(closest)];
}

/** @param {any[]} [closest] */
function describeClosest(closest = []) {
  return closest.flatMap((candidate) => {
    const differences = candidate.differences.map((/** @type {any} */ difference) => JSON.stringify(difference));
    if (!differences.length) differences.push("it matches, but came before the override was added, or another override responded");
    return indent([`closest: ${describeEntry(candidate)[0]}`, ...indent(differences)]);
  });
}

/** @param {any} violation */
function describeViolation({ location, name, pointer, message }) {
  return [location, name, pointer].filter(Boolean).join(" ") + `: ${message}`;
}

/** @param {any} result */
function describeExpectation({ expected, count, reason, closest }) {
  const lines = [`  ${JSON.stringify(expected)}: ${count} received${reason ? `; ${reason}` : ""}`];
  for (const candidate of closest ?? []) {
    const differences = (candidate.differences ?? []).map(describeDifference);
    lines.push(...indent([`closest: ${describeEntry(candidate)[0]}`, ...indent(differences)], "    "));
  }
  return lines;
}

/** @param {any} difference */
function describeDifference({ part, name, pointer, message, expected, actual }) {
  const place = [part, name, pointer].filter(Boolean).join(" ");
  return `${place}: ${message ?? `expected ${JSON.stringify(expected ?? null)}, came ${JSON.stringify(actual ?? null)}`}`;
}

/** @param {string[]} lines @param {string} [by] */
function indent(lines, by = "  ") {
  return lines.map((line) => by + line);
}
