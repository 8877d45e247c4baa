/**
 * What may go wrong between a caller and the ledger. Ids make every call safe to repeat, so an unknown outcome is settled
 * by the same request. Out of scope: a ledger that lies.
 */
import type { FaultCatalog } from "../../core/kernel/fault.ts";

const deferred = { reason: "the broker does not repeat, log or time its reservations yet", until: "spending caps of sessions and organizations" };
const UNANSWERED = { code: "unknown", outcome: "unknown", retry: "same-request" } as const;

export const LEDGER_FAULTS: FaultCatalog = {
  port: "ledger",
  faults: [
    {
      id: "ledger:settle:unknown-id",
      common: "not-found",
      at: { operation: "settle", point: "before-send" },
      symptom: { code: "not-found", outcome: "not-applied", retry: "never" },
      rule: "Log it; what was used was not reserved here or was forgotten long ago.",
      recovery: "the person sees nothing",
      source: "sdk",
      deferred,
    },
    {
      id: "ledger:reserve:other-amounts",
      common: "conflict",
      at: { operation: "reserve", point: "before-send" },
      symptom: { code: "already-exists", outcome: "not-applied", retry: "never" },
      rule: "Refuse the model call; an id is used for one estimate.",
      recovery: "the agent's model call fails and it may try again",
      source: "sdk",
    },
    {
      id: "ledger:reserve:overloaded",
      common: "quota",
      at: { operation: "reserve", point: "before-send" },
      symptom: { code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 1000 } },
      rule: "Fail closed: no model call; the broker answers 429 with the wait.",
      recovery: "the agent waits and tries again",
      source: "https://developers.cloudflare.com/durable-objects/best-practices/error-handling/",
      deferred,
    },
    {
      id: "ledger:reserve:unreachable",
      common: "timeout-before-send",
      at: { operation: "reserve", point: "before-send" },
      symptom: UNANSWERED,
      rule: "Fail closed: no model call without a grant.",
      recovery: "the person is told that the budget could not be checked, and may repeat",
      source: "https://developers.cloudflare.com/durable-objects/best-practices/error-handling/",
    },
    {
      id: "ledger:reserve:lost-answer",
      common: "timeout-after-send",
      at: { operation: "reserve", point: "after-apply" },
      symptom: UNANSWERED,
      rule: "Repeat with the same id, which answers the first reservation.",
      recovery: "the person sees nothing",
      source: "sdk",
      deferred,
    },
    {
      id: "ledger:reserve:no-answer",
      at: { operation: "reserve", point: "after-apply" },
      symptom: { code: "deadline-exceeded", outcome: "unknown", retry: "same-request" },
      rule: "Give up at the deadline and fail closed.",
      recovery: "the person is told that the budget could not be checked, and may repeat",
      source: "sdk",
    },
    {
      id: "ledger:settle:double-settle",
      common: "duplicate-delivery",
      at: { operation: "settle", point: "after-apply" },
      symptom: "success",
      rule: "The first settlement stays.",
      recovery: "the person sees the amount once",
      source: "sdk",
    },
    {
      id: "ledger:settle:after-expiry",
      at: { operation: "settle", point: "after-apply" },
      symptom: "success",
      rule: "The full amount counted since the expiry is corrected to the real one.",
      recovery: "the person sees the real amount",
      source: "sdk",
      deferred,
    },
    {
      id: "ledger:reserve:evicted",
      common: "stale-handle",
      at: { operation: "reserve", point: "after-apply" },
      symptom: "success",
      rule: "Nothing is kept in memory only, so an object that was evicted between two calls answers as before.",
      recovery: "the person sees nothing",
      source: "https://developers.cloudflare.com/durable-objects/reference/in-memory-state/",
      notInjectable: { fake: { reason: "local-call-cannot-fail-so", why: "the fake has no life outside memory" } },
      deferred,
    },
    {
      id: "ledger:reserve:slow",
      common: "slow-success",
      at: { operation: "reserve", point: "after-apply" },
      symptom: "success",
      rule: "A late grant is a grant; it counts once.",
      recovery: "the first word of the answer comes later",
      source: "sdk",
    },
  ],
  notApplicable: {
    "cut-mid-stream": "a call has one small answer, which comes whole or not at all",
    "wrong-credentials": "the ledger is reached by a binding of the program and takes no credentials",
  },
};
