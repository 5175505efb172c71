import { defineConfig } from "vite";

export default defineConfig({
  root: "app",
  cacheDir: "../.vite",
  server: { proxy: { "/admin/jobs": process.env.MOCKSERVER_URL } },
});
