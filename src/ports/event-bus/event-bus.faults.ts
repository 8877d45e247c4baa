/**
 * What may go wrong between a publisher or reader and the feed. The feed is a hint that lists changed: what it loses, the
 * lists still have. Losing a call and delivering it twice are to be survived together.
 */
import type { FaultCatalog } from "../../core/kernel/fault.ts";

const UNANSWERED = { code: "unknown", outcome: "unknown", retry: "same-request" } as const;

const FEED = { reason: "nothing reads the organization's feed yet", until: "the feed in the API and on the page" };

export const EVENT_BUS_FAULTS: FaultCatalog = {
  port: "event-bus",
  faults: [
    {
      id: "event-bus:publish:overloaded",
      common: "quota",
      at: { operation: "publish", point: "before-send" },
      symptom: { code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 1000 } },
      rule: "Keep the entry in the outbox and try again after the wait.",
      recovery: "the list of sessions is a moment behind",
      source: "https://developers.cloudflare.com/durable-objects/best-practices/error-handling/",
    },
    {
      id: "event-bus:publish:lost",
      common: "timeout-before-send",
      at: { operation: "publish", point: "before-send" },
      symptom: UNANSWERED,
      rule: "Keep the entry in the outbox and publish it again under the same key.",
      recovery: "the list of sessions is a moment behind",
      source: "sdk",
    },
    {
      id: "event-bus:publish:lost-answer",
      common: "timeout-after-send",
      at: { operation: "publish", point: "after-apply" },
      symptom: UNANSWERED,
      rule: "Publish again under the same key, which appends nothing.",
      recovery: "the person sees nothing",
      source: "sdk",
    },
    {
      id: "event-bus:publish:no-answer",
      at: { operation: "publish", point: "after-apply" },
      symptom: { code: "deadline-exceeded", outcome: "unknown", retry: "same-request" },
      rule: "Give up at the deadline; the outbox tries again.",
      recovery: "the list of sessions is a moment behind",
      source: "sdk",
    },
    {
      id: "event-bus:publish:duplicated",
      common: "duplicate-delivery",
      at: { operation: "publish", point: "after-apply" },
      symptom: "success",
      rule: "The first stays and nothing is appended.",
      recovery: "the person sees the change once",
      source: "sdk",
    },
    {
      id: "event-bus:publish:reordered",
      at: { operation: "publish", point: "after-apply" },
      symptom: "success",
      rule: "Order is that of arrival; a reader keeps the summary with the higher `lastSeq` of two.",
      recovery: "the person sees the newest state",
      source: "sdk",
      deferred: FEED,
    },
    {
      id: "event-bus:read:slow-consumer",
      at: { operation: "read", point: "after-apply" },
      symptom: "success",
      rule: "A reader that fell behind what is held is told so by `reset`, and reads the lists again.",
      recovery: "the person's list is loaded anew",
      source: "sdk",
      deferred: FEED,
    },
    {
      id: "event-bus:read:cursor-ahead",
      common: "stale-handle",
      at: { operation: "read", point: "after-apply" },
      symptom: "success",
      rule: "A position that the feed never gave out (it was restored from a backup) is answered with `reset`.",
      recovery: "the person's list is loaded anew",
      source: "sdk",
      deferred: FEED,
    },
    {
      id: "event-bus:publish:evicted",
      at: { operation: "publish", point: "after-apply" },
      symptom: "success",
      rule: "Nothing is kept in memory only, so an object that was evicted between two calls counts on.",
      recovery: "the person sees nothing",
      source: "https://developers.cloudflare.com/durable-objects/reference/in-memory-state/",
      notInjectable: { fake: { reason: "local-call-cannot-fail-so", why: "the fake has no life outside memory" } },
      deferred: FEED,
    },
    {
      id: "event-bus:publish:slow",
      common: "slow-success",
      at: { operation: "publish", point: "after-apply" },
      symptom: "success",
      rule: "A late answer is an answer; the outbox waits for it up to the deadline.",
      recovery: "the list of sessions is a moment behind",
      source: "sdk",
    },
  ],
  notApplicable: {
    "not-found": "a feed exists from its first use; one that nobody wrote to is empty",
    conflict: "of two changes under one key the first stays; nothing else can collide",
    "cut-mid-stream": "a call has one answer, which comes whole or not at all",
    "wrong-credentials": "the feed is reached by a binding of the program and takes no credentials",
  },
};
