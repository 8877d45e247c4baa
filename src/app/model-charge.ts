/**
 * One model call's place in the ledger: reserved before, settled after, reported to the session. Closing never rejects: a
 * settlement that cannot be made leaves the reservation, which counts as spent in full once it expires.
 */
import { NO_USAGE, type Usage } from "@berth/protocol";
import { makeId } from "../core/kernel/ids.ts";
import type { Outcome } from "../core/kernel/port-error.ts";
import type { ReserveAnswer } from "../ports/ledger/ledger.port.ts";
import type { MeteredUsage } from "../ports/model-gateway/model-gateway.port.ts";
import { estimateTokens } from "./model-wire.ts";
import { DEMO_PROVIDER } from "./providers.ts";
import type { Services } from "./services.ts";
import type { BrokerGrant } from "./session-handle.ts";

export type ChargeDeps = Pick<Services, "sessions" | "ledgerOf" | "now" | "randomBytes" | "waitUntil">;

export interface OpenCharge {
  readonly granted: true;
  /** With what the provider counted, or with what is known of a call that gave no answer. */
  close(result: MeteredUsage | Outcome): Promise<void>;
}
export interface RefusedCharge {
  readonly granted: false;
  readonly status: 402 | 503;
  readonly message: string;
}

/** A model that thinks long and speaks long. */
const RESERVATION_LIFETIME_MS = 30 * 60_000;

export async function openCharge(
  { sessions, ledgerOf, now, randomBytes, waitUntil }: ChargeDeps,
  { orgId, sessionId, runId }: BrokerGrant,
  { provider, body }: { readonly provider: string; readonly body: Uint8Array },
): Promise<OpenCharge | RefusedCharge> {
  const nowMs = now();
  const id = makeId("rsv", nowMs, randomBytes(10));
  const tokens = estimateTokens(body);
  // The demo model is free; the price of any other is not known.
  const costMicros = provider === DEMO_PROVIDER ? 0 : null;
  const ledger = ledgerOf(orgId);
  const answer = await ledger
    .reserve({ id, sessionId, costMicros: costMicros ?? 0, tokens, nowMs, expiresAtMs: nowMs + RESERVATION_LIFETIME_MS })
    .catch(() => null);
  // The answer may be lost and the reservation made: it is taken back, so that a call never sent does not count.
  if (!answer) waitUntil(ledger.settle(id, { costMicros: 0, tokens: 0 }).catch(() => undefined));
  if (!answer) return { granted: false, status: 503, message: "Berth cannot check the spending caps right now, so nothing was sent to the provider." };
  if (!answer.granted) return { granted: false, status: 402, message: capMessage(answer) };

  return {
    granted: true,
    async close(result) {
      const metered = typeof result === "object" ? result : null;
      const isUnknown = metered ? metered.source === "missing" : result !== "not-applied";
      const usage = metered?.usage ?? NO_USAGE;
      const spent = isUnknown ? tokens : totalOf(usage);
      const settled = ledger.settle(id, { costMicros: costMicros ?? 0, tokens: spent });
      const reported = metered ? sessions.of(orgId, sessionId).recordUsage({ runId, usage, costMicros }) : null;
      await Promise.allSettled([settled, reported]);
    },
  };
}

function totalOf({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Usage): number {
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;
}

/** Names the cap and no figure: agents take figures such as 500 for a status and repeat the call. */
function capMessage({ cap }: Extract<ReserveAnswer, { granted: false }>): string {
  return `The organization's spending cap "${cap}" leaves no room for this call, so nothing was sent to the provider. An owner can raise the cap.`;
}
