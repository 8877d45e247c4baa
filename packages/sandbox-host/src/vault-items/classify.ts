/**
 * What failures of 1Password's SDK mean. It tells two kinds by class; of the others there is but a sentence, so those that its core
 * (`@1password/sdk-core` 0.5.0) has in it are known here by their words, and a suite looks whether they are still in it.
 */
import { AuthExpiredError, DesktopSessionExpiredError, RateLimitExceededError } from "@1password/sdk";
import { PortError, type PortErrorInit } from "../../../../src/core/kernel/port-error.ts";

/** What was on its way: a read changes nothing, and who signs in has asked for nothing yet. */
export type Asked = "sign-in" | "read" | "create" | "replace" | "remove";

export const SENTENCES = {
  limited: "rate limit exceeded",
  gone: "resource not found",
  overtaken: "conflict occurred on the server",
  forbidden: "you don't have the right permissions to access this resource",
  stranger: "you are not authenticated",
  /** Invalid, of another form, or to be replaced. */
  badToken: "service account token",
  timeout: "request timeout",
} as const;

/** By the SDK's way out, when 1Password cannot be reached. */
export const UNREACHED = "error sending request";

type Said = keyof typeof SENTENCES;

/** Whether the sign-in has to be made anew. */
export function isOver(raw: unknown): boolean {
  return raw instanceof AuthExpiredError || raw instanceof DesktopSessionExpiredError || says(raw, "stranger");
}

export function isGone(raw: unknown): boolean {
  return says(raw, "gone");
}

/** Without what the SDK said: it may repeat what it was given. */
export function toPortError(raw: unknown, asked: Asked): PortError {
  const as = (init: Pick<PortErrorInit, "code" | "message"> & Partial<PortErrorInit>) => new PortError({ port: "secret-vault", operation: "items", outcome: "not-applied", retry: "never", ...init });
  const token = "The operator puts a valid token of a service account into OP_SERVICE_ACCOUNT_TOKEN of the sandbox host.";
  if (raw instanceof RateLimitExceededError || says(raw, "limited")) return as({ code: "resource-exhausted", retry: { afterMs: 1_000 }, message: "1Password limits the requests of the service account right now." });
  if (isOver(raw) || says(raw, "badToken")) return as({ code: "permission-denied", message: "1Password refused the token of the service account.", fix: token });
  if (says(raw, "forbidden")) return as({ code: "permission-denied", message: "1Password does not let the service account do that in this vault.", fix: "The operator gives the service account read and write access to the vault of OP_VAULT." });
  if (says(raw, "overtaken") || (asked === "replace" && isGone(raw))) return as({ code: "failed-precondition", retry: "same-request", message: "Another has written or removed that item at 1Password meanwhile." });
  if (isGone(raw)) return as({ code: "failed-precondition", message: "1Password has no such vault, or the service account does not see it.", fix: "The operator puts the id of a vault that the service account reads and writes into OP_VAULT of the sandbox host." });
  if (asked === "sign-in" || asked === "read") return as({ code: "unknown", retry: { afterMs: 500 }, message: messageOf(raw).includes(UNREACHED) ? "1Password cannot be reached from the sandbox host." : "1Password did not answer." });
  return as({ code: "unknown", outcome: "unknown", retry: "same-request", message: says(raw, "timeout") ? "1Password did not answer in time." : "1Password did not say whether it was done." });
}

function says(raw: unknown, said: Said): boolean {
  return messageOf(raw).includes(SENTENCES[said]);
}

function messageOf(raw: unknown): string {
  return raw instanceof Error ? raw.message : "";
}
