import { expect, test } from "mockserver-kit/playwright";

const { MOCKSERVER_URL, RETRIES, SET_UPS, THIRD_PARTY_URL } = process.env;
const STARTS = {
  "a dev proxy": "/",
  "another origin": `/?api=${encodeURIComponent(MOCKSERVER_URL)}`,
  "a third party": `/?third=${encodeURIComponent(THIRD_PARTY_URL)}`,
};

for (const setUp of SET_UPS.split(", ")) {
  for (let number = 1; number <= Number(RETRIES); number += 1) {
    test(`with ${setUp}, test ${number} retries the job that every test retries`, async ({ page, mock }) => {
      await page.goto(STARTS[setUp]);
      await expect(page.getByText("Status: failed")).toBeVisible();
      await page.getByRole("button", { name: "Retry" }).click();
      await expect(page.getByText("Status: queued")).toBeVisible();
      if (setUp === "a third party") await expect(page.locator("output")).toHaveAttribute("data-third", "hello");
      const operations = (await mock.requests()).map((entry) => entry.operation);
      expect(operations).toEqual(["retryJob", "getJob"]);
    });
  }
}
