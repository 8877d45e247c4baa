/** Lets a request in when it is signed with the host's secret, just now, and for the first time. */
import { PortError } from "../../../src/core/kernel/port-error.ts";
import type { NonceMemory } from "./nonce-memory.ts";
import { SIGNATURE_HEADERS, SKEW_MAX_MS, verify, type SignedParts } from "./signature.ts";

export interface IncomingHead {
  readonly method: string;
  /** Path and query as they arrived. */
  readonly target: string;
  header(name: string): string | undefined;
}

function refuse(message: string, fix?: string): never {
  throw new PortError({ port: "sandbox", operation: "authenticate", code: "permission-denied", outcome: "not-applied", retry: "never", message, ...(fix ? { fix } : {}) });
}

/** @returns the hash that the body must have. @throws PortError `permission-denied` */
export async function authenticate(head: IncomingHead, secret: string, nonces: NonceMemory, nowMs: number): Promise<string> {
  const [path = "", ...rest] = head.target.split("?");
  const read = (name: keyof typeof SIGNATURE_HEADERS): string => head.header(SIGNATURE_HEADERS[name]) ?? refuse("The request is not signed.");
  const parts: SignedParts = {
    method: head.method,
    path,
    query: rest.length === 0 ? "" : `?${rest.join("?")}`,
    bodyHash: read("bodyHash"),
    timeMs: read("timeMs"),
    nonce: read("nonce"),
  };
  if (!/^\d{1,15}$/.test(parts.timeMs) || !/^[0-9a-f]{32}$/.test(parts.nonce)) refuse("The signature's parts are malformed.");
  if (!(await verify(secret, parts, read("signature")))) refuse("The signature is not right.", "Give control plane and sandbox host the same SANDBOX_HOST_SECRET.");
  // Only a signed time says anything, and only a signed nonce is worth remembering.
  if (Math.abs(nowMs - Number(parts.timeMs)) > SKEW_MAX_MS) refuse("The request is too old, or the clocks differ.", "Set the clocks of both machines.");
  const taken = nonces.take(parts.nonce, nowMs);
  if (taken === "seen") refuse("The request was seen before.");
  if (taken === "full") {
    const retry = { afterMs: SKEW_MAX_MS };
    throw new PortError({ port: "sandbox", operation: "authenticate", code: "resource-exhausted", outcome: "not-applied", retry, message: "The host takes no more requests for now." });
  }
  return parts.bodyHash;
}
