// The query of the queue's address: filters, order, page, and the job beside the list.

/** The order if the address has none: newest first. */
export const NEWEST = "-updated_at";
const FIELDS = ["id", "session_id", "type", "status", "updated_at"];

/** The query of an address; values that the contract does not have are ignored. @type {ReadQuery} */
export function readQuery(search, rules) {
  const parameters = new URLSearchParams(search);
  const get = (/** @type {string} */ name) => parameters.get(name) || "";
  const sort = get("sort");
  const page = Number(get("page"));
  return {
    statuses: rules.statuses.filter((status) => parameters.getAll("status").includes(status)),
    type: rules.types.includes(get("type")) ? get("type") : "",
    text: get("text").trim(),
    sort: FIELDS.includes(sort.replace(/^-/, "")) ? sort : NEWEST,
    page: Number.isSafeInteger(page) && page > 0 ? Math.min(page, 1_000_000) : 1,
    job: get("job"),
  };
}

/** The address of a query, without the members that have their default value. @param {Query} query */
export function writeQuery(query) {
  const parameters = new URLSearchParams();
  for (const status of query.statuses) parameters.append("status", status);
  if (query.type) parameters.set("type", query.type);
  if (query.text) parameters.set("text", query.text);
  if (query.sort !== NEWEST) parameters.set("sort", query.sort);
  if (query.page > 1) parameters.set("page", String(query.page));
  if (query.job) parameters.set("job", query.job);
  const text = parameters.toString();
  return location.pathname + (text ? `?${text}` : "");
}

/** Whether any filter is set. @param {Query} query */
export function isFiltered(query) {
  return query.statuses.length > 0 || query.type !== "" || query.text !== "";
}

/** The order after a click on a column: by that column, or reversed. Times begin with the newest. @type {NextSort} */
export function nextSort(sort, field) {
  if (sort === field) return `-${field}`;
  if (sort === `-${field}`) return field;
  return field === "updated_at" ? NEWEST : field;
}
