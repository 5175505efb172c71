import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  workers: 2,
  fullyParallel: true,
  timeout: 20_000,
  reporter: [["json", { outputFile: process.env.RESULTS }]],
  use: {
    baseURL: process.env.APP_URL,
    launchOptions: { executablePath: process.env.CHROMIUM, args: process.env.CHROMIUM_ARGS.split(" ") },
  },
  projects: [{ name: "e2e" }],
});
