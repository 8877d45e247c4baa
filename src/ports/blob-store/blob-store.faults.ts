/**
 * What may go wrong between the program and its blobs. Uploads replace whole, so every call is safe to repeat. Out of
 * scope: content changed on purpose by someone with access to the store.
 */
import type { FaultCatalog } from "../../core/kernel/fault.ts";

const deferred = { reason: "what reads large files in ranges, or waits for them in front of a person, is not there yet", until: "artifacts and downloads" };
const UNANSWERED = { code: "unknown", outcome: "unknown", retry: "same-request" } as const;
const LOCAL = { filesystem: { reason: "local-call-cannot-fail-so", why: "a file system answers; it has no way between to lose one" } } as const;

export const BLOB_STORE_FAULTS: FaultCatalog = {
  port: "blob-store",
  faults: [
    {
      id: "blob-store:get:missing",
      common: "not-found",
      at: { operation: "get", point: "before-send" },
      symptom: "success",
      rule: "Null is an answer: say that the file is not there any more.",
      recovery: "the person is told that the file is gone",
      source: "sdk",
    },
    {
      id: "blob-store:put:concurrent",
      common: "conflict",
      at: { operation: "put", point: "after-apply" },
      symptom: "success",
      rule: "Keys are made once, so it does not matter which of two stays.",
      recovery: "the person sees one of them, whole",
      source: "sdk",
    },
    {
      id: "blob-store:put:no-room",
      common: "quota",
      at: { operation: "put", point: "before-send" },
      symptom: { code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 1000 } },
      rule: "Keep what was to be stored where it is, and try again later.",
      recovery: "the operator is told that the store is full or takes no more for now",
      source: "https://developers.cloudflare.com/r2/platform/limits/",
    },
    {
      id: "blob-store:put:unreachable",
      common: "timeout-before-send",
      at: { operation: "put", point: "before-send" },
      symptom: UNANSWERED,
      rule: "Put again; it replaces.",
      recovery: "the person sees nothing, or a failure that names the file",
      source: "https://developers.cloudflare.com/r2/api/error-codes/",
      notInjectable: LOCAL,
    },
    {
      id: "blob-store:put:lost-answer",
      common: "timeout-after-send",
      at: { operation: "put", point: "after-apply" },
      symptom: UNANSWERED,
      rule: "Put again; it replaces.",
      recovery: "the person sees nothing",
      source: "sdk",
      notInjectable: LOCAL,
    },
    {
      id: "blob-store:put:truncated-upload",
      common: "cut-mid-stream",
      at: { operation: "put", point: "mid-stream" },
      symptom: { code: "internal", outcome: "not-applied", retry: "same-request" },
      rule: "The old content is in place; put again.",
      recovery: "the person sees the old content or none, never half",
      source: "https://developers.cloudflare.com/r2/api/error-codes/",
    },
    {
      id: "blob-store:put:twice",
      common: "duplicate-delivery",
      at: { operation: "put", point: "after-apply" },
      symptom: "success",
      rule: "The second replaces the first with the same.",
      recovery: "the person sees nothing",
      source: "sdk",
    },
    {
      id: "blob-store:list:cursor-deleted",
      common: "stale-handle",
      at: { operation: "list", point: "before-send" },
      symptom: "success",
      rule: "Go on after the place where the key was.",
      recovery: "the person sees the rest of the list",
      source: "sdk",
    },
    {
      id: "blob-store:put:refused",
      common: "wrong-credentials",
      at: { operation: "put", point: "before-send" },
      symptom: { code: "permission-denied", outcome: "not-applied", retry: "never" },
      rule: "Report it to the operator; repeating does not help.",
      recovery: "the operator makes the folder or bucket writable",
      source: "https://developers.cloudflare.com/r2/api/error-codes/",
    },
    {
      id: "blob-store:get:slow",
      common: "slow-success",
      at: { operation: "get", point: "after-apply" },
      symptom: "success",
      rule: "Wait for it; who asked has a time-out of its own.",
      recovery: "the file opens later",
      source: "sdk",
      notInjectable: LOCAL,
      deferred,
    },
    {
      id: "blob-store:get:range-past-end",
      at: { operation: "get", point: "before-send" },
      symptom: { code: "invalid-argument", outcome: "not-applied", retry: "never" },
      rule: "Answer that the range does not exist, with the size.",
      recovery: "the reader asks again from the start",
      source: "https://developers.cloudflare.com/r2/api/error-codes/",
      deferred,
    },
    {
      id: "blob-store:get:torn-content",
      at: { operation: "get", point: "mid-stream" },
      symptom: { code: "internal", outcome: "not-applied", retry: "same-request" },
      rule: "Hand out nothing; read again, and report it when it stays so.",
      recovery: "the person is told that the file is damaged",
      source: "sdk",
    },
  ],
  notApplicable: {},
};
