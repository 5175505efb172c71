import { test } from "mockserver-kit/vitest";

test.scoped({ mockUrl: "http://127.0.0.1:4080", mockScenario: "empty", mockVerdict: false, mockAllow: ["invalid-request"] });
// @ts-expect-error an address is text
test.scoped({ mockUrl: 4080 });

test("the fixtures have types", async ({ mock, expect }) => {
  expect((await mock.clock()).mode).toBe("manual");
  // @ts-expect-error not a member of the client
  await mock.restart();
});
