// What the types of the kit accept, and what they refuse: a refusal that does not come is an error, too.
import { Client, MockError, VerdictFailed } from "mockserver-kit";
import type { Clock, Entry, Expectation, MovedClock, OverrideFields, RequestFilters, Run, State } from "mockserver-kit";

const mock = new Client(new URL("http://127.0.0.1:4080"), { sandbox: "a" });
const selected: [string, Record<string, string>, string | undefined] = [mock.url, mock.headers, mock.sandbox];

export async function use(): Promise<unknown[]> {
  const run: Run = await mock.scenario("empty");
  const state: State = await mock.state({ resource: "jobs", limit: 1, offset: 0 });
  const clock: Clock = await mock.clock();
  const moves: MovedClock[] = [
    await mock.advance("6s"),
    await mock.advance("next"),
    await mock.setClock(new Date(0)),
    await mock.setClock("2026-01-15T10:00:00Z"),
    await mock.rewind("30s"),
    await mock.undo(),
    await mock.undo(2),
  ];
  const fields: OverrideFields = { where: { job_id: 1 }, status: 503, delay: { uniform: ["1s", "3s"] }, times: 1 };
  const id: string = await mock.override("getJob", fields);
  const filters: RequestFilters = { operation: ["getJob"], status: ["5XX", 404], unmatched: true, brief: true };
  const entries: Entry[] = [...(await mock.requests(filters)), ...(await mock.waitFor("getJob", { times: 2, timeout: 10 }))];
  const expectation: Expectation = { operation: "retryJob", where: { job_id: "job-7" }, times: { at_least: 1, at_most: 3 } };
  await mock.verify(expectation);
  await mock.verify([expectation, { path: "/jobs", body: { type: "object" }, times: 0 }], { inOrder: true });
  const nothing: void = await mock.verdict({ allow: ["invalid-request"], drift: "fail" });
  const text: string = await mock.recording();
  const response: Response = await mock.fetch("/admin/jobs", { method: "POST" });
  const record: Record<string, any> = await mock.fire("jobs", 7, "start");
  await mock.put("jobs", "job-7", record);
  await mock.reset();
  await mock.delete();
  return [selected, run, state.records.jobs, clock.next_due, moves[0]?.fired, id, entries[0]?.request?.body, nothing, text, response];
}

export function describe(error: unknown): string {
  if (error instanceof VerdictFailed) return error.message;
  return error instanceof MockError ? `${error.status} ${error.code} ${error.problem.detail}` : "";
}

// @ts-expect-error an address is required
new Client();
// @ts-expect-error not a member of an override
export const misspelt: OverrideFields = { state: 503 };
// @ts-expect-error not a fault
export const fault: OverrideFields = { fault: "timeouts" };
// @ts-expect-error not a class of statuses
export const status: RequestFilters = { status: "5xx" };
// @ts-expect-error milliseconds
export const waiting = mock.waitFor("getJob", { timeout: "5s" });
// @ts-expect-error the members are read-only
mock.url = "";
