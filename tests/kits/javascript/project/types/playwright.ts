import { defineConfig, mergeTests, test as base } from "@playwright/test";
import type { PlaywrightTestConfig } from "@playwright/test";
import { expect, test } from "mockserver-kit/playwright";
import type { MockOptions } from "mockserver-kit/playwright";

export const config: PlaywrightTestConfig<MockOptions> = {
  use: { baseURL: "http://127.0.0.1:5173", mockUrl: "http://127.0.0.1:4080", mockVerdict: false },
};
export default defineConfig<MockOptions>({ use: { mockUrl: "http://127.0.0.1:4080" } });

test.use({ mockScenario: "empty", mockAllow: ["invalid-request"] });
// @ts-expect-error codes are a list
test.use({ mockAllow: "invalid-request" });

test("the fixtures have types", async ({ page, request, mock }) => {
  const id: string = await mock.override("getJob", { status: 503 });
  await page.goto("/");
  await expect(page.getByText(id)).toBeVisible();
  await request.get(mock.url);
  // @ts-expect-error not a member of the client
  await mock.restart();
});

const other = base.extend<{ admin: string }>({ admin: "Ada" });
mergeTests(test, other)("tests can be merged", async ({ mock, admin }) => {
  await mock.scenario(admin);
});
