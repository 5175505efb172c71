import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["unit/*.test.js", "documented/jobs.test.js"], reporters: ["default", ["json", { outputFile: "vitest.json" }]] } });
