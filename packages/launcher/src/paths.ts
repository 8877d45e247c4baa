/** Where things are in the checkout. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
export const DIST = join(ROOT, "dist");
export const CHAT_DIST = join(DIST, "chat");
export const RUNTIME_BUNDLE = join(DIST, "runtime", "runtime.mjs");
/** Of the image of sandboxes in containers. */
export const DOCKERFILE = join(ROOT, "packages", "sandbox-runtime", "Dockerfile");
/** How a build of that image goes; see `image/build-record.ts`. */
export const IMAGE_BUILD = join(DIST, "image", "build.json");
export const WORKER_DIST = join(DIST, "worker");
