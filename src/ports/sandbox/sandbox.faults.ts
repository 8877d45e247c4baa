/**
 * What may go wrong between a session and its sandbox. Survived together: a lost answer and a restarted host; a dying
 * sandbox and a lost answer to `stop`. Out of scope: a backend that lies about its labels. Faults of images and snapshots
 * (torn snapshot, restore of a missing one, half-built image, stale fingerprint, two builds of the same one) join the
 * catalog with the operations they belong to.
 */
import type { FaultCatalog } from "../../core/kernel/fault.ts";

const local = { reason: "local-call-cannot-fail-so", why: "it starts processes itself, so there is no wire between request and effect" } as const;
const later = { reason: "local-call-cannot-fail-so", why: "its create is answered from its own record before the engine or the service is asked; what fails there is in the description" } as const;
/** Between the caller and the answer; between docker and its engine, and modal and its service, there is a wire of its own. */
const noWire = { process: local, docker: later, modal: later };

const EXEC = { reason: "nothing in the program runs a command in a sandbox of its own accord yet", until: "files, diffs and commands of a sandbox in the API" };
const ORPHANS = { reason: "nobody compares what a host finds with the sessions there are yet", until: "sandboxes in containers, which outlive their host's machine" };

export const SANDBOX_FAULTS: FaultCatalog = {
  port: "sandbox",
  notApplicable: {},
  faults: [
    {
      id: "sandbox:describe:not-found",
      common: "not-found",
      at: { operation: "describe", point: "before-send" },
      symptom: { code: "not-found", outcome: "not-applied", retry: "never" },
      rule: "Treat the sandbox as lost: start the next epoch.",
      recovery: "the session goes on in a new sandbox",
      source: "sdk",
    },
    {
      id: "sandbox:create:conflict",
      common: "conflict",
      at: { operation: "create", point: "before-send" },
      symptom: { code: "already-exists", outcome: "not-applied", retry: "never" },
      rule: "Never adopt it: it is another's. Fail the start on this backend.",
      recovery: "the session fails with the reason, or starts on the next backend",
      source: "sdk",
    },
    {
      id: "sandbox:create:out-of-capacity",
      common: "quota",
      at: { operation: "create", point: "before-send" },
      symptom: { code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 5_000 } },
      rule: "Try the next backend, then wait within the start's deadline.",
      recovery: "the session starts elsewhere, or fails saying that the machine is full",
      source: "https://modal.com/docs/guide/sandbox",
    },
    {
      id: "sandbox:create:host-unreachable",
      common: "timeout-before-send",
      at: { operation: "create", point: "before-send" },
      symptom: { code: "deadline-exceeded", outcome: "not-applied", retry: "same-request" },
      rule: "Nothing was started: try again, then the next backend, within the start's deadline.",
      recovery: "the session starts late, or fails saying that the sandbox host is not reachable",
      source: "sdk",
      notInjectable: noWire,
    },
    {
      id: "sandbox:create:answer-lost",
      common: "timeout-after-send",
      at: { operation: "create", point: "after-apply" },
      symptom: { code: "deadline-exceeded", outcome: "unknown", retry: "same-request" },
      rule: "Ask by the same id, which answers the sandbox that was made; never start a second.",
      recovery: "the session starts as if nothing happened",
      source: "sdk",
      notInjectable: noWire,
    },
    {
      id: "sandbox:exec:cut-mid-stream",
      common: "cut-mid-stream",
      at: { operation: "exec", point: "mid-stream" },
      symptom: { code: "unknown", outcome: "unknown", retry: "never" },
      rule: "The command may have run: do not repeat it.",
      recovery: "what asked for the command fails and says that its result is not known",
      source: "sdk",
      notInjectable: { process: local },
      deferred: EXEC,
    },
    {
      id: "sandbox:create:delivered-twice",
      common: "duplicate-delivery",
      at: { operation: "create", point: "after-apply" },
      symptom: "success",
      rule: "One sandbox runs, however often it is asked for.",
      recovery: "nothing is seen of it",
      source: "sdk",
    },
    {
      id: "sandbox:exec:stale-handle",
      common: "stale-handle",
      at: { operation: "exec", point: "before-send" },
      symptom: { code: "failed-precondition", outcome: "not-applied", retry: "never" },
      rule: "The sandbox has stopped: resume the session first.",
      recovery: "the person is told that the sandbox is not running",
      source: "sdk",
    },
    {
      id: "sandbox:create:wrong-credentials",
      common: "wrong-credentials",
      at: { operation: "create", point: "before-send" },
      symptom: { code: "permission-denied", outcome: "not-applied", retry: "never" },
      rule: "Fail the start on this backend at once; repeating cannot help.",
      recovery: "the session fails saying that host and control plane do not share a secret",
      source: "sdk",
      notInjectable: noWire,
    },
    {
      id: "sandbox:create:slow-success",
      common: "slow-success",
      at: { operation: "create", point: "after-apply" },
      symptom: "success",
      rule: "`accepted` is not ready: the start's deadline runs until the runtime has linked.",
      recovery: "the session shows that it is starting, and then is ready",
      source: "sdk",
    },
    {
      id: "sandbox:create:never-linked",
      at: { operation: "create", point: "after-apply" },
      symptom: "success",
      rule: "The backend calls it running, so only the link's deadline can tell: stop it and try the next backend.",
      recovery: "the session starts elsewhere or fails saying that the sandbox never called back",
      source: "sdk",
    },
    {
      id: "sandbox:create:start-failed",
      at: { operation: "create", point: "after-apply" },
      symptom: "success",
      rule: "The description says `failed` and why: fail the start with that reason.",
      recovery: "the person reads what was wrong and the step that puts it right",
      source: "sdk",
    },
    {
      id: "sandbox:describe:died",
      at: { operation: "describe", point: "after-apply" },
      symptom: "success",
      rule: "Running becomes failed without anybody asking: end the run as interrupted, start the next epoch.",
      recovery: "the session is restored and asks whether to go on",
      source: "sdk",
    },
    {
      id: "sandbox:exec:dies-mid-exec",
      at: { operation: "exec", point: "mid-stream" },
      symptom: { code: "canceled", outcome: "unknown", retry: "never" },
      rule: "The command may have run in part: do not repeat it.",
      recovery: "what asked for the command fails and says that the sandbox ended",
      source: "sdk",
      deferred: EXEC,
    },
    {
      id: "sandbox:exec:overran",
      at: { operation: "exec", point: "mid-stream" },
      symptom: { code: "deadline-exceeded", outcome: "applied", retry: "never" },
      rule: "The command was ended; what it did until then stays.",
      recovery: "what asked for the command says that it took too long",
      source: "sdk",
      deferred: EXEC,
    },
    {
      id: "sandbox:destroy:twice",
      at: { operation: "destroy", point: "after-apply" },
      symptom: "success",
      rule: "Destroying what is gone succeeds, so that a repeat is safe.",
      recovery: "nothing is seen of it",
      source: "sdk",
    },
    {
      id: "sandbox:list:orphan",
      at: { operation: "list", point: "after-apply" },
      symptom: "success",
      rule: "A restarted host lists what it finds running; whoever knows the sessions destroys what belongs to none.",
      recovery: "nothing is seen of it",
      source: "sdk",
      deferred: ORPHANS,
    },
  ],
};
