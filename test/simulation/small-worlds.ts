/** Limits that worlds of a hundred events would never come near, made small. */
import type { Patch } from "./patches.ts";

export const SMALL_WORLDS: readonly Patch[] = [
  {
    id: "small-viewer-frames",
    title: "a viewer that has six frames to acknowledge is slow",
    file: "packages/protocol/src/limits.ts",
    find: "viewerUnackedFramesMax: 256,",
    replace: "viewerUnackedFramesMax: 6,",
  },
  {
    id: "small-viewer-bytes",
    title: "or one that has sixteen kilobytes to acknowledge",
    file: "packages/protocol/src/limits.ts",
    find: "viewerUnackedBytesMax: 1024 * 1024,",
    replace: "viewerUnackedBytesMax: 16 * 1024,",
  },
  {
    id: "small-replay-page",
    title: "replay reads seven events at a time",
    file: "src/app/session/viewer-hub.ts",
    find: "const REPLAY_PAGE = { limit: 500,",
    replace: "const REPLAY_PAGE = { limit: 7,",
  },
  {
    id: "small-delta-credit",
    title: "a runtime may send sixty units of text before it is told that they came",
    file: "packages/protocol/src/limits.ts",
    find: "linkDeltaCreditUnits: 64 * 1024,",
    replace: "linkDeltaCreditUnits: 60,",
  },
  {
    id: "small-delta-ack",
    title: "and is told every twelve",
    file: "src/core/link/delta-receiver.ts",
    find: "DELTA_ACK_EVERY_UNITS = 16 * 1024",
    replace: "DELTA_ACK_EVERY_UNITS = 12",
  },
  {
    id: "small-journal",
    title: "a runtime's journal is written anew every thirty lines",
    file: "packages/sandbox-runtime/src/journal.ts",
    find: "const LINES_MAX = 1_000;",
    replace: "const LINES_MAX = 30;",
  },
];
