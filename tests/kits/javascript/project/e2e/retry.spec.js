import { expect, test } from "mockserver-kit/playwright";

for (let number = 1; number <= Number(process.env.RETRIES); number += 1) {
  test(`test ${number} retries the job that every test retries`, async ({ page, mock }, testInfo) => {
    await page.goto(testInfo.project.metadata.start);
    await expect(page.getByText("Status: failed")).toBeVisible();
    await page.getByRole("button", { name: "Retry" }).click();
    await expect(page.getByText("Status: queued")).toBeVisible();
    if (testInfo.project.name === "third-party") await expect(page.locator("output")).toHaveAttribute("data-third", "hello");
    const operations = (await mock.requests()).map((entry) => entry.operation);
    expect(operations).toEqual(["retryJob", "getJob"]);
  });
}
