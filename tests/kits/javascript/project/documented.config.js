// The configuration in the documentation, with the browser of this machine.
import documented from "./documented/playwright.config.js";

export default {
  ...documented,
  testDir: "documented",
  testMatch: "*.spec.js",
  reporter: "line",
  use: {
    ...documented.use,
    launchOptions: { executablePath: process.env.CHROMIUM, args: process.env.CHROMIUM_ARGS.split(" ") },
  },
};
