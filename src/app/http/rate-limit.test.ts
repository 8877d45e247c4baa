import { expect, test } from "vitest";
import { BUCKETS_MAX, createRateLimiter, rateHeaders, rateLimits } from "./rate-limit.ts";

const LIMITS = { ...rateLimits(1), credential: { limit: 3, windowS: 60 }, address: { limit: 1, windowS: 10 } };

test("as many as the limit may come at once, then one with each share of the window", () => {
  let atMs = 1_000_000;
  const limiter = createRateLimiter(LIMITS, () => atMs);
  const taken = (): boolean => limiter.take("credential", "key_1").allowed;
  expect([taken(), taken(), taken(), taken()]).toEqual([true, true, true, false]);
  atMs += 19_999;
  expect(taken()).toBe(false);
  atMs += 1;
  expect([taken(), taken()]).toEqual([true, false]);
  atMs += 3_600_000;
  expect([taken(), taken(), taken(), taken()]).toEqual([true, true, true, false]);
});

test("each caller has a bucket of its own, and so has each name", () => {
  const limiter = createRateLimiter(LIMITS, () => 0);
  expect(limiter.take("address", "a").allowed).toBe(true);
  expect(limiter.take("address", "a").allowed).toBe(false);
  expect(limiter.take("address", "b").allowed).toBe(true);
  expect(limiter.take("credential", "a").allowed).toBe(true);
});

test("a refusal says when one more may come, an answer when all may", () => {
  let atMs = 0;
  const limiter = createRateLimiter(LIMITS, () => atMs);
  expect(rateHeaders(limiter.take("credential", "k"))).toEqual({ "ratelimit-policy": '"credential";q=3;w=60', ratelimit: '"credential";r=2;t=20' });
  limiter.take("credential", "k");
  limiter.take("credential", "k");
  expect(limiter.take("credential", "k")).toMatchObject({ allowed: false, remaining: 0, resetS: 20 });
  atMs += 15_500;
  expect(limiter.take("credential", "k")).toMatchObject({ allowed: false, resetS: 5 });
});

test("a clock that is set back gives nothing", () => {
  let atMs = 100_000;
  const limiter = createRateLimiter(LIMITS, () => atMs);
  for (let n = 0; n < 3; n++) limiter.take("credential", "k");
  atMs = 0;
  expect(limiter.take("credential", "k").allowed).toBe(false);
});

test("looking counts nothing", () => {
  const limiter = createRateLimiter(LIMITS, () => 0);
  expect([limiter.peek("address", "a").allowed, limiter.peek("address", "a").allowed, limiter.take("address", "a").allowed, limiter.peek("address", "a").allowed]).toEqual([true, true, true, false]);
});

test("callers of one name push out none of another's", () => {
  const limiter = createRateLimiter(LIMITS, () => 0);
  limiter.take("address", "a");
  for (let n = 0; n <= BUCKETS_MAX; n++) limiter.take("device", `d${n}`);
  expect(limiter.take("address", "a").allowed).toBe(false);
});
