/** Where things are in the checkout. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
export const DIST = join(ROOT, "dist");
export const CHAT_DIST = join(DIST, "chat");
export const RUNTIME_BUNDLE = join(DIST, "runtime", "runtime.mjs");
export const WORKER_DIST = join(DIST, "worker");
