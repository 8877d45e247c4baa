/**
 * One model call's place in the ledger: reserved before, settled after, reported to the session. Closing never rejects: a
 * settlement that cannot be made leaves the reservation, which counts as spent in full once it expires.
 */
import { NO_USAGE, type Usage } from "@berth/protocol";
import { makeId } from "../core/kernel/ids.ts";
import type { Outcome } from "../core/kernel/port-error.ts";
import type { ReserveAnswer } from "../ports/ledger/ledger.port.ts";
import type { MeteredUsage } from "../ports/model-gateway/model-gateway.port.ts";
import { isHopeless, reserveOrHold, type HoldDeps, type HeldCall } from "./budget-hold.ts";
import { costOf } from "../core/budget/price.ts";
import type { ModelFacts } from "../core/budget/price-book.ts";
import { boundOf, type OpenEnd } from "./model-call/bound.ts";
import type { AskedCall } from "./model-call/read-call.ts";
import type { Services } from "./services.ts";

export type ChargeDeps = HoldDeps & Pick<Services, "ledgerOf" | "randomBytes" | "waitUntil">;

export interface OpenCharge {
  readonly granted: true;
  /** With what the provider counted, or with what is known of a call that gave no answer. */
  close(result: MeteredUsage | Outcome): Promise<void>;
}
export interface RefusedCharge {
  readonly granted: false;
  readonly status: 402 | 503;
  readonly message: string;
  /** There may be room later, so that the turn may wait for it and go on. */
  readonly mayPass: boolean;
}

/** A model that thinks long and speaks long. */
const RESERVATION_LIFETIME_MS = 30 * 60_000;

export interface ChargedCall extends AskedCall {
  readonly provider: string;
  readonly facts: ModelFacts;
}

export async function openCharge(
  deps: ChargeDeps,
  { grant, signal, authorize }: Omit<HeldCall, "reserve" | "openEnded">,
  { provider, facts, ...asked }: ChargedCall,
): Promise<OpenCharge | RefusedCharge> {
  const { sessions, ledgerOf, now, randomBytes, waitUntil } = deps;
  const { orgId, sessionId, countedFor: userId, runId } = grant;
  const id = makeId("rsv", now(), randomBytes(10));
  const { price } = facts;
  const { tokens, costMicros: atMost, likely, openEnd } = boundOf(asked, facts);
  const openEnded = openEnd !== null;
  const ledger = ledgerOf(orgId);
  const demand = { sessionId, userId, model: `${provider}/${asked.model}`, costMicros: likely.costMicros ?? 0, tokens: likely.tokens, atMost: { costMicros: atMost ?? 0, tokens }, unpriced: atMost === null, openEnded };
  const reserve = (): Promise<ReserveAnswer> => ledger.reserve({ id, ...demand, nowMs: now(), expiresAtMs: now() + RESERVATION_LIFETIME_MS });
  const answer = await reserveOrHold(deps, { grant, signal, authorize, reserve, openEnded }).catch(() => null);
  // The answer may be lost and the reservation made: it is taken back, so that a call never sent does not count.
  if (!answer) waitUntil(ledger.settle(id, { costMicros: 0, tokens: 0 }).catch(() => undefined));
  if (!answer) return { granted: false, status: 503, mayPass: true, message: "Berth cannot check the spending caps right now, so nothing was sent to the provider." };
  if (!answer.granted && openEnd !== null && isHopeless(openEnded, answer)) return { granted: false, status: 402, mayPass: false, message: openEndMessage(answer, openEnd) };
  if (!answer.granted) return { granted: false, status: 402, mayPass: true, message: capMessage(answer) };

  return {
    granted: true,
    async close(result) {
      const metered = typeof result === "object" ? result : null;
      const isUnknown = metered ? metered.source === "missing" : result !== "not-applied";
      const usage = metered?.usage ?? NO_USAGE;
      const priced = price === null ? null : isUnknown ? atMost : costOf(price, usage);
      const costMicros = metered?.costMicros ?? priced;
      const settled = ledger.settle(id, { costMicros: costMicros ?? 0, tokens: isUnknown ? tokens : totalOf(usage) });
      const reported = metered ? sessions.of(orgId, sessionId).recordUsage({ runId, usage, costMicros }) : null;
      await Promise.allSettled([settled, reported]);
    },
  };
}

function totalOf({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Usage): number {
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;
}

/** Its figures have two digits at most between marks: agents take such as 500 for a status and repeat the call. */
function capMessage({ reached: { budget, unit, needed } }: Extract<ReserveAnswer, { granted: false }>): string {
  const need = unit === "cost" ? ` that needs room for ${short(needed, "$")}` : unit === "tokens" ? ` that needs room for ${short(needed)} million tokens` : "";
  return `The spending cap "${budget}" leaves no room for this call${need}, so nothing was sent to the provider. An owner can raise the cap.`;
}

/** Of millionths, rounded up to a hundredth. */
function short(millionths: number, sign = ""): string {
  return millionths >= 99_000_000 ? `more than ${sign}99` : `${sign}${(Math.ceil(millionths / 10_000) / 100).toFixed(2)}`;
}

const WHY: { readonly [Of in Exclude<OpenEnd["of"], "setting">]: string } = {
  price: "the price of this model is not known. An owner can state it when adding the provider",
  input: "this call has input besides text, and how much the model can read is not known. Leave that input out, or an owner can state the model's context when adding the provider",
  output: "neither this call nor what is known of the model limits its output. Set a limit, or an owner can state the model's when adding the provider",
};

/** Waiting does not help, so it says what does. */
function openEndMessage({ reached }: Extract<ReserveAnswer, { granted: false }>, openEnd: OpenEnd): string {
  const why = openEnd.of === "setting" ? `what \`${openEnd.name}\` makes this call cost cannot be told. Leave it out` : WHY[openEnd.of];
  return `The spending cap "${reached.budget}" is on money, and ${why}, or lift that cap and set one on tokens. Nothing was sent to the provider.`;
}
