/**
 * What may go wrong between a session's outbox and the run history. Any of these may come together with a crash of the
 * session, since the outbox repeats a flush until it is confirmed. Out of scope: a database restored from an old backup.
 */
import type { FaultCatalog } from "../../core/kernel/fault.ts";

const OUTBOX = { reason: "the outbox and its retries are driven to every point by the simulation", until: "issue 3: crash semantics" };
const READS = { reason: "routes answer these by the one table of problems; broken seams come with the disruption suite", until: "issue 3: crash semantics" };

export const RUN_HISTORY_FAULTS: FaultCatalog = {
  port: "run-history",
  faults: [
    {
      id: "run-history:get:unknown-run",
      common: "not-found",
      at: { operation: "get", point: "before-send" },
      symptom: { code: "not-found", outcome: "not-applied", retry: "never" },
      rule: "Answer 404; the run may not be flushed yet.",
      recovery: "the person sees that there is no such run",
      source: "sdk",
      deferred: READS,
    },
    {
      id: "run-history:flush:deadlock",
      common: "conflict",
      at: { operation: "flush", point: "mid-stream" },
      symptom: { code: "failed-precondition", outcome: "not-applied", retry: "same-request" },
      rule: "Keep the record in the outbox and flush it again.",
      recovery: "the person sees the run a moment later",
      source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS",
    },
    {
      id: "run-history:flush:disk-full",
      common: "quota",
      at: { operation: "flush", point: "before-send" },
      symptom: { code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 1_000 } },
      rule: "Keep the record in the outbox and flush it again with growing waits.",
      recovery: "sessions go on; the person sees the run once there is room",
      source: "https://www.postgresql.org/docs/current/errcodes-appendix.html (53100)",
    },
    {
      id: "run-history:flush:down",
      common: "timeout-before-send",
      at: { operation: "flush", point: "before-send" },
      symptom: { code: "unknown", outcome: "not-applied", retry: { afterMs: 500 } },
      rule: "Keep the record in the outbox and flush it again with growing waits.",
      recovery: "sessions go on; the person sees the run once the database is back",
      source: "ECONNREFUSED while PostgreSQL restarts",
    },
    {
      id: "run-history:flush:answer-lost",
      common: "timeout-after-send",
      at: { operation: "flush", point: "after-apply" },
      symptom: { code: "unknown", outcome: "unknown", retry: "same-request" },
      rule: "Flush the same record again; it is stored once.",
      recovery: "the person sees the run once",
      source: "ECONNRESET after COMMIT",
    },
    {
      id: "run-history:flush:cut",
      common: "cut-mid-stream",
      at: { operation: "flush", point: "mid-stream" },
      symptom: { code: "unknown", outcome: "unknown", retry: "same-request" },
      rule: "Flush the same record again; nothing of it was stored.",
      recovery: "the person sees the whole run a moment later",
      source: "Connection terminated unexpectedly",
    },
    {
      id: "run-history:flush:duplicate",
      common: "duplicate-delivery",
      at: { operation: "flush", point: "after-apply" },
      symptom: "success",
      rule: "The same record again changes nothing.",
      recovery: "the person sees the run once",
      source: "sdk",
    },
    {
      id: "run-history:list:foreign-position",
      common: "stale-handle",
      at: { operation: "list", point: "before-send" },
      symptom: { code: "invalid-argument", outcome: "not-applied", retry: "never" },
      rule: "Answer that the cursor is not one of ours.",
      recovery: "the person lists from the start",
      source: "sdk",
      deferred: READS,
    },
    {
      id: "run-history:list:refused",
      common: "wrong-credentials",
      at: { operation: "list", point: "before-send" },
      symptom: { code: "permission-denied", outcome: "not-applied", retry: "never" },
      rule: "Answer 503 and log it: the operator's database password is wrong, not the person's.",
      recovery: "the operator corrects DATABASE_URL",
      source: "https://www.postgresql.org/docs/current/errcodes-appendix.html (28P01)",
      deferred: READS,
    },
    {
      id: "run-history:flush:slow",
      common: "slow-success",
      at: { operation: "flush", point: "before-send" },
      symptom: "success",
      rule: "The session does not wait for a flush.",
      recovery: "the person sees the run a moment later",
      source: "sdk",
      deferred: OUTBOX,
    },
    {
      id: "run-history:flush:out-of-order",
      at: { operation: "flush", point: "before-send" },
      symptom: "success",
      rule: "A run that is flushed after a newer one is stored and listed where it belongs.",
      recovery: "the person sees runs in the order in which they started",
      source: "sdk",
      deferred: OUTBOX,
    },
  ],
  notApplicable: {},
};
