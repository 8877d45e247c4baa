/** The chat page: built to static files that need no inline script or style, so that the policy can forbid both. */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  plugins: [react()],
  build: {
    outDir: here("../../dist/chat"),
    emptyOutDir: true,
    // Small files inlined as data: addresses would need a wider policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "/v1": { target: process.env["BERTH_URL"] ?? "http://127.0.0.1:8787", ws: true }, "/health": process.env["BERTH_URL"] ?? "http://127.0.0.1:8787" },
  },
});
