import { expect, test } from "vitest";
import { ProviderCache } from "./provider-cache.ts";

const of = (provider: string) => ({ provider, userId: null });
const upstream = (provider: string) => ({ provider, wire: "openai" as const, baseUrl: "https://models.example/v1", key: null, models: [], userId: null });

test("it holds at most a thousand upstreams, the oldest out first", async () => {
  const cache = new ProviderCache();
  for (let i = 0; i < 1_500; i++) await cache.upstream("org", of(`p${i}`), 0, async () => upstream(`p${i}`));
  expect(cache.size.upstreams).toBe(1_000);
  expect((await cache.upstream("org", of("p1499"), 0, async () => null))?.provider).toBe("p1499");
  expect(await cache.upstream("org", of("p0"), 0, async () => null)).toBeNull();
});

test("calls at the same time share one load, and a failed load is not kept", async () => {
  const cache = new ProviderCache();
  let loads = 0;
  const fail = async (): Promise<never> => {
    loads += 1;
    throw new Error("down");
  };
  await Promise.allSettled([cache.upstream("org", of("p"), 0, fail), cache.upstream("org", of("p"), 0, fail)]);
  expect([loads, cache.size.upstreams]).toEqual([1, 0]);
});

test("a load whose request went away is waited for only so long, and does not stand in anybody's way", async () => {
  const cache = new ProviderCache({ joinMs: 1 });
  void cache.upstream("org", of("p"), 0, () => new Promise(() => undefined));
  expect((await cache.upstream("org", of("p"), 0, async () => upstream("p")))?.provider).toBe("p");
  expect((await cache.upstream("org", of("p"), 1, async () => null))?.provider).toBe("p");
});

test("a load under way when its provider is removed does not bring it back", async () => {
  const cache = new ProviderCache();
  const gate = Promise.withResolvers<void>();
  const old = cache.upstream("org", of("p"), 0, async () => (await gate.promise, upstream("p")));
  cache.evict("org", "p");
  gate.resolve();
  await old;
  expect(await cache.upstream("org", of("p"), 0, async () => null)).toBeNull();
});

test("evicting one organization leaves another whose name begins alike", async () => {
  const cache = new ProviderCache();
  await cache.upstream("org", of("p"), 0, async () => upstream("p"));
  await cache.upstream("org-b", of("p"), 0, async () => upstream("p"));
  cache.evict("org");
  expect(cache.size.upstreams).toBe(1);
});
