/**
 * How often one caller may ask, as token buckets in memory: for callers by their credential, for who has none by network
 * address. Each isolate counts for itself, so that a request never waits for a count; where a platform runs many isolates a
 * caller gets at most the limit in each. What may be spent is the ledger's to keep, exactly.
 */
export interface RateLimit {
  /** Requests that may come at once, and within one window on the long run. */
  readonly limit: number;
  readonly windowS: number;
}

/**
 * `address`: without a credential that is valid, from one network address. `attempt`: to get in, for one e-mail address or one
 * link; `place`: the same from one network address. `page`: pages for people who are not known, and links; `poll`: programs that
 * ask whether somebody has decided; both from one network address. `device`: one such program. `mail`: a mail that somebody unknown
 * asked for, by where it goes. `sandbox`: one sandbox's token. `socket`: what somebody does over sockets of one session. `refusal`: what was refused to
 * one caller and is written down.
 */
export type RateName = "credential" | "address" | "attempt" | "place" | "page" | "poll" | "device" | "mail" | "sandbox" | "socket" | "refusal";

/** @param perMinute what one key, sign-in or sandbox may ask */
export function rateLimits(perMinute: number): Readonly<Record<RateName, RateLimit>> {
  return {
    credential: { limit: perMinute, windowS: 60 },
    sandbox: { limit: perMinute, windowS: 60 },
    socket: { limit: 1_200, windowS: 60 },
    refusal: { limit: 120, windowS: 60 },
    address: { limit: 300, windowS: 60 },
    attempt: { limit: 20, windowS: 60 },
    // One address may be a whole office's.
    place: { limit: 60, windowS: 60 },
    page: { limit: 300, windowS: 60 },
    poll: { limit: 300, windowS: 60 },
    device: { limit: 20, windowS: 60 },
    mail: { limit: 5, windowS: 3_600 },
  };
}

/** What an answer says of it: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
export interface RateDecision {
  readonly allowed: boolean;
  readonly name: RateName;
  readonly policy: RateLimit;
  readonly remaining: number;
  /** Whole seconds until one more may come when there is none left, else until all may. */
  readonly resetS: number;
}

export interface RateLimiter {
  /** Whether one more may come, without counting it. */
  peek(name: RateName, id: string): RateDecision;
  take(name: RateName, id: string): RateDecision;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Of each name. Who asked least recently is forgotten first, and begins with a full bucket: names that callers make up push out no others'. */
export const BUCKETS_MAX = 20_000;

export function createRateLimiter(limits: Readonly<Record<RateName, RateLimit>>, now: () => number): RateLimiter {
  const bucketsOf = new Map<RateName, Map<string, Bucket>>();
  const look = (name: RateName, id: string, taken: 0 | 1): RateDecision => {
    const policy = limits[name];
    const perMs = policy.limit / (policy.windowS * 1000);
    const buckets = bucketsOf.get(name) ?? new Map<string, Bucket>();
    bucketsOf.set(name, buckets);
    const atMs = now();
    const known = buckets.get(id);
    // A clock that was set back gives nothing and takes nothing.
    const tokens = known ? Math.min(policy.limit, known.tokens + Math.max(0, atMs - known.atMs) * perMs) : policy.limit;
    const allowed = tokens >= 1;
    const left = allowed ? tokens - taken : tokens;
    if (taken === 1) {
      buckets.delete(id);
      buckets.set(id, { tokens: left, atMs });
      if (buckets.size > BUCKETS_MAX) buckets.delete(buckets.keys().next().value as string);
    }
    const missing = allowed ? policy.limit - left : 1 - left;
    return { allowed, name, policy, remaining: Math.floor(left), resetS: Math.ceil(missing / perMs / 1000) };
  };
  return { peek: (name, id) => look(name, id, 0), take: (name, id) => look(name, id, 1) };
}

export function rateHeaders({ name, policy, remaining, resetS }: RateDecision): Readonly<Record<string, string>> {
  return {
    "ratelimit-policy": `"${name}";q=${policy.limit};w=${policy.windowS}`,
    ratelimit: `"${name}";r=${remaining};t=${resetS}`,
  };
}
