/** Limits for tests: the same for all, but for what a test is about. */
import { rateLimits, type RateLimit, type RateName } from "../../src/app/http/rate-limit.ts";

export function limitsOf(all: RateLimit, own: Partial<Record<RateName, RateLimit>> = {}): Readonly<Record<RateName, RateLimit>> {
  const same = Object.fromEntries(Object.keys(rateLimits(1)).map((name) => [name, all])) as Record<RateName, RateLimit>;
  return { ...same, ...own };
}
