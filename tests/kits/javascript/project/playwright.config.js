import { defineConfig } from "@playwright/test";

const { APP_URL, MOCKSERVER_URL, THIRD_PARTY_URL } = process.env;
const api = encodeURIComponent(MOCKSERVER_URL);

export default defineConfig({
  testDir: "e2e",
  workers: 2,
  fullyParallel: true,
  timeout: 20_000,
  reporter: [["json", { outputFile: process.env.RESULTS }]],
  use: {
    baseURL: APP_URL,
    launchOptions: { executablePath: process.env.CHROMIUM, args: process.env.CHROMIUM_ARGS.split(" ") },
  },
  projects: [
    { name: "proxy", metadata: { start: "/" } },
    { name: "other-origin", testMatch: "retry.spec.js", metadata: { start: `/?api=${api}` } },
    { name: "third-party", testMatch: "retry.spec.js", metadata: { start: `/?third=${encodeURIComponent(THIRD_PARTY_URL)}` } },
  ],
});
