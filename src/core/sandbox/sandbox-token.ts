/**
 * The sandbox token: org, session and epoch readable, so that a request routes without a query, plus 256 random bits.
 * The session keeps only its hash. It opens the link and the brokers of that epoch and nothing else.
 */
import { hexOf } from "../kernel/hex.ts";

export interface SandboxTokenParts {
  readonly orgId: string;
  readonly sessionId: string;
  readonly epoch: number;
}

const PATTERN = /^berth_sbx_([A-Za-z0-9_-]{1,64})\.(ses_[0-9a-z]{26})\.([1-9][0-9]{0,8})\.([0-9a-f]{64})$/;

/** @param randomBytes 32 bytes */
export function formatSandboxToken({ orgId, sessionId, epoch }: SandboxTokenParts, randomBytes: Uint8Array): string {
  return `berth_sbx_${orgId}.${sessionId}.${epoch}.${hexOf(randomBytes)}`;
}

/** Null when it is not shaped like one; says nothing about whether it is valid. */
export function parseSandboxToken(token: string): SandboxTokenParts | null {
  const match = PATTERN.exec(token);
  if (!match) return null;
  const [, orgId, sessionId, epoch] = match;
  return { orgId: orgId as string, sessionId: sessionId as string, epoch: Number(epoch) };
}
