import { defineConfig } from "vitest/config";

export default defineConfig({ test: { globals: true, include: ["unit/*.test.js", "documented/{jobs,retry}.test.js"], reporters: ["default", ["json", { outputFile: "vitest.json" }]] } });
