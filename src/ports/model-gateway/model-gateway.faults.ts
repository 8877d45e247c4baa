/**
 * What may go wrong on the way to a model provider. A refusal is an answer that the agent reads itself, so its symptom is
 * `success`: the gateway did its work. Out of scope: wrong words of a model, and a provider that lies about usage.
 */
import type { FaultCatalog } from "../../core/kernel/fault.ts";

const PASSED_ON = "Pass the answer on with its status and hints, settle the reservation by what it says, never repeat the call.";

export const MODEL_GATEWAY_FAULTS: FaultCatalog = {
  port: "model-gateway",
  faults: [
    {
      id: "model-gateway:forward:unauthorized",
      common: "stale-handle",
      at: { operation: "forward", point: "before-send" },
      symptom: "success",
      rule: PASSED_ON,
      recovery: "the run ends failed and says that the provider refused the key; the person saves a new one",
      source: "https://docs.claude.com/en/api/errors (401)",
    },
    {
      id: "model-gateway:forward:rate-limited",
      common: "quota",
      at: { operation: "forward", point: "before-send" },
      symptom: "success",
      rule: PASSED_ON,
      recovery: "the agent waits as long as `retry-after` says and tries again; the person sees it waiting",
      source: "https://platform.openai.com/docs/guides/rate-limits (429)",
    },
    {
      id: "model-gateway:forward:overloaded",
      at: { operation: "forward", point: "before-send" },
      symptom: "success",
      rule: PASSED_ON,
      recovery: "the agent waits and tries again; the person sees that the provider is overloaded",
      source: "https://docs.claude.com/en/api/errors (529)",
    },
    {
      id: "model-gateway:forward:cut-mid-token",
      common: "cut-mid-stream",
      at: { operation: "forward", point: "mid-stream" },
      symptom: "success",
      rule: "The reader's stream breaks too; `metered` is missing and the reservation counts in full.",
      recovery: "the agent tries the step again; nothing that was shown before is lost",
      source: "connection reset inside a stream",
    },
    {
      id: "model-gateway:forward:usage-missing",
      at: { operation: "forward", point: "mid-stream" },
      symptom: "success",
      rule: "`metered` is missing: settle at the reservation.",
      recovery: "the person sees the answer; its cost is the estimate",
      source: "OpenAI-compatible servers that ignore stream_options",
    },
    {
      id: "model-gateway:forward:slow",
      common: "slow-success",
      at: { operation: "forward", point: "before-send" },
      symptom: "success",
      rule: "Wait; the session's watchdogs decide what is too long.",
      recovery: "the person sees the run go on and can stop it",
      source: "reasoning models that think before the first byte",
    },
    {
      id: "model-gateway:forward:unreachable",
      common: "timeout-before-send",
      at: { operation: "forward", point: "before-send" },
      symptom: { code: "unknown", outcome: "not-applied", retry: { afterMs: 1_000 } },
      rule: "Release the reservation and answer 502 in the wire's own error format.",
      recovery: "the person sees that the provider cannot be reached, and its name",
      source: "ECONNREFUSED, ENOTFOUND",
    },
    {
      id: "model-gateway:forward:no-answer",
      common: "timeout-after-send",
      at: { operation: "forward", point: "after-apply" },
      symptom: { code: "deadline-exceeded", outcome: "unknown", retry: "never" },
      rule: "Settle at the reservation, since the provider may have worked, and answer 504 in the wire's own error format.",
      recovery: "the person sees that the provider did not answer in time",
      source: "sdk",
    },
    {
      id: "model-gateway:listModels:wrong-key",
      common: "wrong-credentials",
      at: { operation: "listModels", point: "before-send" },
      symptom: { code: "permission-denied", outcome: "not-applied", retry: "never" },
      rule: "Store nothing and name the field `key`.",
      recovery: "the person sees that the provider refused the key, and types another",
      source: "401 and 403 of every vendor; 400 API_KEY_INVALID of Google",
    },
    {
      id: "model-gateway:listModels:no-list",
      common: "not-found",
      at: { operation: "listModels", point: "before-send" },
      symptom: { code: "not-found", outcome: "not-applied", retry: "never" },
      rule: "Take the names of models from the person, or ask for them.",
      recovery: "the person types the names of the models",
      source: "OpenAI-compatible servers without /models",
    },
  ],
  notApplicable: {
    conflict: "calls to a model share no state",
    "duplicate-delivery": "every call is its own; the gateway never repeats one",
  },
};
