/** Counts requests, and says so: who has a credential is counted by it, who was refused by the network address. */
import { makeProblem } from "@berth/protocol";
import type { Services } from "../src/app/services.ts";
import { ProblemError } from "../src/app/http/problem-error.ts";
import { rateHeaders, type RateDecision } from "../src/app/http/rate-limit.ts";
import { addressOf, placeOf, type AddressServices } from "./address.ts";
import type { Credentials, Principal } from "../src/ports/identity/identity.port.ts";

const DECISIONS = new WeakMap<Request, RateDecision>();

/** For the answer to this request; none where nobody is counted. */
export function rateHeadersOf(request: Request): Readonly<Record<string, string>> {
  const decision = DECISIONS.get(request);
  return decision ? rateHeaders(decision) : {};
}

type Counting = Pick<Services, "rateLimiter"> & AddressServices;

/** @throws ProblemError `rate-limited` */
export function countPrincipal({ rateLimiter }: Counting, request: Request, { client, keyId, userId }: Principal): void {
  if (rateLimiter) decide(request, rateLimiter.take("credential", client?.tokenId ?? keyId ?? userId), "This key or sign-in");
}

/** @throws ProblemError `rate-limited` */
export function countSandbox({ rateLimiter }: Counting, request: Request, token: string): void {
  if (rateLimiter) decide(request, rateLimiter.take("sandbox", token), "This sandbox");
}

const WITHOUT_CREDENTIAL = "This network address, without a credential that is valid,";

/**
 * Whoever guessed too often is not looked up any more; who was known there not long ago is, since an office may have one address.
 * Where no address is known all would be told no for one. @throws ProblemError `rate-limited`
 */
export async function requireNoGuesser(services: Counting & Pick<Services, "remembers">, request: Request, credentials: Credentials): Promise<void> {
  if (!services.rateLimiter || addressOf(services, request) === null) return;
  const decision = services.rateLimiter.peek("address", placeOf(services, request));
  if (!decision.allowed && !(await services.remembers?.(credentials))) decide(request, decision, WITHOUT_CREDENTIAL);
}

/** Guessing credentials is slow. @throws ProblemError `rate-limited` */
export function countRefused(services: Counting, request: Request): void {
  if (services.rateLimiter) decide(request, services.rateLimiter.take("address", placeOf(services, request)), WITHOUT_CREDENTIAL);
}

/** Trying passwords is slow, from one place and for one account. @throws ProblemError `rate-limited` */
export function countAttempt(services: Counting, request: Request, email: string): void {
  countPlace(services, request);
  if (services.rateLimiter) decide(request, services.rateLimiter.take("attempt", `for ${addressKey(email)}`), "Somebody with this e-mail address");
}

/** No longer than an address may be: what is counted is kept. */
function addressKey(email: string): string {
  return email.trim().toLowerCase().slice(0, 254);
}

/** @param name what is counted there @throws ProblemError `rate-limited` */
export function countPlace(services: Counting, request: Request, name: "place" | "page" | "poll" = "place"): void {
  if (services.rateLimiter) decide(request, services.rateLimiter.take(name, placeOf(services, request)), "This network address");
}

/** A program asks for its decision every few seconds, and no oftener. Codes may be made up: the place is counted first. @throws ProblemError `rate-limited` */
export function countDevice(services: Counting, request: Request, deviceCode: string): void {
  countPlace(services, request, "poll");
  if (services.rateLimiter) decide(request, services.rateLimiter.take("device", deviceCode), "This program");
}

/** Nobody's mailbox is filled by strangers. @throws ProblemError `rate-limited` */
export function countMail({ rateLimiter }: Counting, request: Request, email: string): void {
  if (rateLimiter) decide(request, rateLimiter.take("mail", addressKey(email)), "Somebody, for mails to this address,");
}

function decide(request: Request, decision: RateDecision, who: string): void {
  DECISIONS.set(request, decision);
  if (decision.allowed) return;
  const { limit, windowS } = decision.policy;
  const problem = makeProblem("rate-limited", `${who} asked more than ${limit} times in ${windowS} s.`, { fix: `Ask again in ${decision.resetS} s, as Retry-After says.` });
  throw new ProblemError(problem, { "retry-after": String(decision.resetS) });
}
