// What the queue is asked for, in the page's own address: filters, order, page, and the job beside the list.

/** The order where the address names none: newest first. */
export const NEWEST = "-updated_at";
const FIELDS = ["id", "session_id", "type", "status", "updated_at"];

/** What an address asks for; what the contract does not know is passed over. */
export function read(search, rules) {
  const given = new URLSearchParams(search);
  const sort = given.get("sort") || NEWEST;
  const page = Number(given.get("page"));
  return {
    statuses: rules.statuses.filter((one) => given.getAll("status").includes(one)),
    type: rules.types.includes(given.get("type")) ? given.get("type") : "",
    text: (given.get("text") || "").trim(),
    sort: FIELDS.includes(sort.replace(/^-/, "")) ? sort : NEWEST,
    page: Number.isSafeInteger(page) && page > 0 ? Math.min(page, 1_000_000) : 1,
    job: given.get("job") || "",
  };
}

/** The address that asks for it; members that say nothing new are left out. */
export function write(query) {
  const given = new URLSearchParams();
  for (const status of query.statuses) given.append("status", status);
  if (query.type) given.set("type", query.type);
  if (query.text) given.set("text", query.text);
  if (query.sort !== NEWEST) given.set("sort", query.sort);
  if (query.page > 1) given.set("page", query.page);
  if (query.job) given.set("job", query.job);
  const text = given.toString();
  return location.pathname + (text ? `?${text}` : "");
}

/** Whether any filter is set. */
export function isFiltered(query) {
  return query.statuses.length > 0 || query.type !== "" || query.text !== "";
}

/** The order after a click on a column: that column, or the other way round. Times begin with the newest. */
export function turned(sort, field) {
  if (sort === field) return `-${field}`;
  if (sort === `-${field}`) return field;
  return field === "updated_at" ? NEWEST : field;
}
