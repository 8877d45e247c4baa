/** What Modal's SDK throws, as it is reported. */
import { InvalidError, NotFoundError, ResourceExhaustedError, SnapshotCreationError, TimeoutError } from "modal";
import { ClientError, Status } from "nice-grpc";
import { expect, test } from "vitest";
import { PortError } from "../../../core/kernel/port-error.ts";
import { classifyModal } from "./errors.ts";

const raised = (status: Status, details = "what it said"): ClientError => new ClientError("/modal.client.ModalClient/SandboxCreateV2", status, details);

test.each([
  [raised(Status.UNAUTHENTICATED), "permission-denied", "not-applied", "never"],
  [raised(Status.PERMISSION_DENIED), "permission-denied", "not-applied", "never"],
  [raised(Status.RESOURCE_EXHAUSTED), "resource-exhausted", "not-applied", { afterMs: 30_000 }],
  [raised(Status.NOT_FOUND), "not-found", "not-applied", "never"],
  [raised(Status.ALREADY_EXISTS), "already-exists", "not-applied", "never"],
  [raised(Status.INVALID_ARGUMENT), "invalid-argument", "not-applied", "never"],
  [raised(Status.FAILED_PRECONDITION), "failed-precondition", "not-applied", "never"],
  [raised(Status.UNIMPLEMENTED), "unimplemented", "not-applied", "never"],
  [raised(Status.UNAVAILABLE), "deadline-exceeded", "unknown", { afterMs: 5_000 }],
  [raised(Status.DEADLINE_EXCEEDED), "deadline-exceeded", "unknown", "same-request"],
  [raised(Status.CANCELLED), "canceled", "unknown", "never"],
  [raised(Status.INTERNAL), "internal", "unknown", "never"],
  [raised(Status.ABORTED), "unknown", "unknown", "never"],
  [raised(Status.UNKNOWN), "unknown", "unknown", "never"],
  [new NotFoundError("gone"), "not-found", "not-applied", "never"],
  [new InvalidError("no"), "invalid-argument", "not-applied", "never"],
  [new ResourceExhaustedError("full"), "resource-exhausted", "not-applied", { afterMs: 30_000 }],
  [new TimeoutError("late"), "deadline-exceeded", "unknown", "same-request"],
  [new SnapshotCreationError("torn"), "not-found", "not-applied", "never"],
  [new Error("Image build for im-1 failed with the exception:\napt broke"), "failed-precondition", "not-applied", "never"],
  [new Error("Profile is missing credentials. Please set them"), "permission-denied", "not-applied", "never"],
  [new Error("something else"), "unknown", "unknown", "never"],
  ["text", "unknown", "unknown", "never"],
] as const)("[SBX56] %s is reported by its code, outcome and what to do", (raw, code, outcome, retry) => {
  const error = classifyModal("create", raw);
  expect({ port: error.port, operation: error.operation, code: error.code, outcome: error.outcome, retry: error.retry }).toEqual({ port: "sandbox", operation: "create", code, outcome, retry });
  expect(error.message).toMatch(/\w \w.*\.?$/);
});

test("[SBX56] what was classified passes, and what Modal said is told where it helps", () => {
  const known = new PortError({ port: "sandbox", operation: "x", code: "not-found", outcome: "not-applied", retry: "never", message: "There is none." });
  expect(classifyModal("create", known)).toBe(known);
  expect(classifyModal("create", raised(Status.INVALID_ARGUMENT, "no region moon")).message).toBe("Modal does not take what it was asked for. It said: no region moon");
  expect(classifyModal("create", raised(Status.UNAUTHENTICATED)).fix).toMatch(/MODAL_TOKEN_ID and MODAL_TOKEN_SECRET/);
});
