import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["unit/*.test.js", "documented/jobs.test.js"], reporters: [["json", { outputFile: "vitest.json" }]] } });
