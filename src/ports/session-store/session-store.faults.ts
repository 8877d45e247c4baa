/**
 * What may go wrong between a session and its own database. A torn batch and a crash are to be survived together. Out of
 * scope: bits that rot on the disk, which SQLite reports and only a backup mends.
 */
import type { FaultCatalog } from "../../core/kernel/fault.ts";

const NOT_FOR_LOCAL = { reason: "local-call-cannot-fail-so" } as const;

export const SESSION_STORE_FAULTS: FaultCatalog = {
  port: "session-store",
  faults: [
    {
      id: "session-store:messages:unknown-cursor",
      common: "not-found",
      at: { operation: "messages", point: "before-send" },
      symptom: { code: "not-found", outcome: "not-applied", retry: "never" },
      rule: "Answer that the cursor is not one of ours.",
      recovery: "the person lists the messages from the start",
      source: "sdk",
    },
    {
      id: "session-store:commit:id-taken",
      common: "conflict",
      at: { operation: "commit", point: "before-send" },
      symptom: { code: "already-exists", outcome: "not-applied", retry: "never" },
      rule: "Keep the state of before and refuse the event; ids are made once, so this is a fault of ours.",
      recovery: "the request is refused and the session goes on as it was",
      source: "sdk",
    },
    {
      id: "session-store:commit:disk-full",
      common: "quota",
      at: { operation: "commit", point: "before-send" },
      symptom: { code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 1000 } },
      rule: "Start no effect of the batch, keep the state of before, and refuse what asked for it.",
      recovery: "the person is told that the disk is full; what was committed before stays readable",
      source: "https://sqlite.org/rescode.html#full",
    },
    {
      id: "session-store:commit:torn-batch",
      common: "cut-mid-stream",
      at: { operation: "commit", point: "mid-stream" },
      symptom: { code: "internal", outcome: "not-applied", retry: "same-request" },
      rule: "Nothing of the batch is there; commit the same batch again.",
      recovery: "the person sees nothing, or a refusal that can be repeated",
      source: "https://sqlite.org/rescode.html#ioerr",
    },
    {
      id: "session-store:outboxDone:twice",
      common: "duplicate-delivery",
      at: { operation: "outboxDone", point: "after-apply" },
      symptom: "success",
      rule: "A delivery that is reported done twice, or retried after it was done, changes nothing.",
      recovery: "the person sees nothing",
      source: "sdk",
    },
    {
      id: "session-store:commit:closed",
      common: "stale-handle",
      at: { operation: "commit", point: "before-send" },
      symptom: { code: "failed-precondition", outcome: "not-applied", retry: "never" },
      rule: "Drop the instance; the next request opens the database again.",
      recovery: "the person repeats the request",
      source: "https://nodejs.org/api/sqlite.html",
      notInjectable: { "do-sqlite": { ...NOT_FOR_LOCAL, why: "an object's storage is open for as long as the object lives" } },
    },
    {
      id: "session-store:open:newer-schema",
      at: { operation: "open", point: "before-send" },
      symptom: { code: "failed-precondition", outcome: "not-applied", retry: "never" },
      rule: "Touch nothing; a session written by a newer version is not opened by an older one.",
      recovery: "the operator starts the newer version again",
      source: "sdk",
      notInjectable: { fake: { ...NOT_FOR_LOCAL, why: "memory does not outlive the version that wrote it" } },
    },
    {
      id: "session-store:load:replay-after-crash",
      at: { operation: "load", point: "after-apply" },
      symptom: "success",
      rule: "Start from what the last commit left; effects of it may have run or not, and are reconciled.",
      recovery: "the session is as it was at the last committed event",
      source: "sdk",
    },
  ],
  notApplicable: {
    "timeout-before-send": "calls are synchronous and local; there is nothing to wait for",
    "timeout-after-send": "a transaction ends before the call does, so its outcome is always known",
    "wrong-credentials": "the database is private to its object or process and takes no credentials",
    "slow-success": "calls are synchronous; while one is slow nothing else of the session runs",
  },
};
