/**
 * What may go wrong between an owner and its wake-up. All wake-up faults are to be survived together: an owner looks at its
 * own deadlines when it wakes, does what is due by the clock, and sets the next time.
 */
import type { FaultCatalog } from "../../core/kernel/fault.ts";

const noTimeOfItsOwn = { cron: { reason: "local-call-cannot-fail-so", why: "it is told of each tick and keeps no time that could be set or cleared" } } as const;

export const SCHEDULER_FAULTS: FaultCatalog = {
  port: "scheduler",
  faults: [
    {
      id: "scheduler:wakeAt:storage-reset",
      common: "timeout-after-send",
      at: { operation: "wakeAt", point: "after-apply" },
      symptom: { code: "internal", outcome: "unknown", retry: "same-request" },
      rule: "Set the same time again; the last one counts.",
      recovery: "the person sees nothing",
      source: "https://developers.cloudflare.com/durable-objects/observability/troubleshooting/",
      notInjectable: noTimeOfItsOwn,
    },
    {
      id: "scheduler:fire:late",
      common: "slow-success",
      at: { operation: "fire", point: "before-send" },
      symptom: "success",
      rule: "Do all that is due by now, not only what the time was set for.",
      recovery: "a deadline is noticed later than promised, and still noticed",
      source: "https://developers.cloudflare.com/durable-objects/api/alarms/",
      notInjectable: { "do-alarm": { reason: "vendor-offers-no-hook", why: "an alarm can be run at once or not, but not held back" } },
    },
    {
      id: "scheduler:fire:twice",
      common: "duplicate-delivery",
      at: { operation: "fire", point: "after-apply" },
      symptom: "success",
      rule: "The second finds nothing due and sets the same next time.",
      recovery: "the person sees nothing",
      source: "https://developers.cloudflare.com/durable-objects/api/alarms/",
    },
    {
      id: "scheduler:fire:after-crash",
      at: { operation: "fire", point: "after-apply" },
      symptom: "success",
      rule: "An owner that was gone is opened again by its wake-up and starts from its stored state.",
      recovery: "deadlines hold over a crash",
      source: "sdk",
    },
    {
      id: "scheduler:fire:clock-jump",
      at: { operation: "fire", point: "before-send" },
      symptom: "success",
      rule: "A wake-up before its time by the owner's clock does nothing but set the time again.",
      recovery: "the person sees nothing",
      source: "sdk",
    },
    {
      id: "scheduler:fire:after-clear",
      common: "stale-handle",
      at: { operation: "fire", point: "before-send" },
      symptom: "success",
      rule: "A wake-up that was under way when it was cleared finds nothing due.",
      recovery: "the person sees nothing",
      source: "sdk",
      notInjectable: noTimeOfItsOwn,
    },
  ],
  notApplicable: {
    "not-found": "clearing a time that is not set succeeds",
    conflict: "there is one time for an owner and the last one set counts",
    quota: "there is one time for an owner",
    "timeout-before-send": "the time is set in the owner's own storage; a write that was not begun cannot be told from one that was",
    "cut-mid-stream": "a time is one number",
    "wrong-credentials": "an owner's storage takes no credentials",
  },
};
