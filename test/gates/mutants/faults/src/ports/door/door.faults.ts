const symptom = { code: "deadline-exceeded", outcome: "not-applied", retry: "same-request" };
const rest = { at: { operation: "open", point: "before-send" }, symptom, rule: "again", recovery: "later", source: "sdk" };

export const DOOR_FAULTS = {
  port: "door",
  faults: [
    { id: "door:open:stuck", common: "timeout-before-send", ...rest, deferred: { reason: "was true once", until: "issue 3" } },
    { id: "door:open:slow", common: "slow-success", ...rest, notInjectable: { wood: { reason: "vendor-offers-no-hook", why: "" } } },
    { id: "door:open:jammed", ...rest, deferred: { reason: "not yet", until: "" } },
    { id: "door:open:wet", ...rest, notInjectable: { fake: { reason: "vendor-offers-no-hook", why: "it can, by now" }, steel: { reason: "x", why: "y" } } },
    { id: "gate:open:wide", ...rest },
  ],
  notApplicable: {
    "not-found": "there is one door",
    conflict: "",
    "slow-success": "it is covered as well",
    "timeout-after-send": "a door is a local call",
    "cut-mid-stream": "a door is not a stream",
    "duplicate-delivery": "opening twice is opening",
    "stale-handle": "the handle is the door",
    "wrong-credentials": "it has no lock",
  },
};
