import type { Door } from "./door.port.ts";

export const SUBJECT: Door | null = null;
const symptom = { code: "deadline-exceeded", outcome: "not-applied", retry: "same-request" };

export const DOOR_FAULTS = {
  port: "door",
  faults: [
    { id: "door:open:stuck", common: "timeout-before-send", at: { operation: "open", point: "before-send" }, symptom, rule: "again", recovery: "later", source: "sdk" },
    {
      id: "door:open:slow",
      common: "slow-success",
      at: { operation: "open", point: "after-apply" },
      symptom: "success",
      rule: "wait",
      recovery: "later",
      source: "sdk",
      notInjectable: { wood: { reason: "vendor-offers-no-hook", why: "wood is as fast as it is" } },
      deferred: { reason: "nobody waits yet", until: "issue 3" },
    },
  ],
  notApplicable: {
    "not-found": "there is one door",
    conflict: "one door, one hand",
    quota: "doors are free",
    "timeout-after-send": "a door is a local call",
    "cut-mid-stream": "a door is not a stream",
    "duplicate-delivery": "opening twice is opening",
    "stale-handle": "the handle is the door",
    "wrong-credentials": "it has no lock",
  },
};
