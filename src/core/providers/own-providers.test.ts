/** Whose key goes before whose, and what a session keeps of the lists that people bring. */
import { describe, expect, test } from "vitest";
import { providersFor, withOthersOwn, type OwnedProvider, type SessionProvider } from "./own-providers.ts";

const of = (provider: string, userId: string | null, kind: OwnedProvider["kind"] = "anthropic"): OwnedProvider => ({ provider, userId, kind });

describe("whose key a call goes out with", () => {
  const all = [of("acme", "usr_ada"), of("acme", null), of("only", "usr_ada"), of("bobs", "usr_bob"), of("acme", "usr_bob"), of("plain", null)];

  test("[BYK3][BYK4] a person's own goes before the organization's of its name, and nobody else's is there", () => {
    expect(providersFor(all, "usr_ada")).toEqual([of("acme", "usr_ada"), of("only", "usr_ada"), of("plain", null)]);
    expect(providersFor(all, "usr_cy")).toEqual([of("acme", null), of("plain", null)]);
    expect(providersFor(all, null)).toEqual([of("acme", null), of("plain", null)]);
  });

  test("[BYK4] one that speaks another way than the organization's stays unused", () => {
    expect(providersFor([of("acme", "usr_ada", "openai"), of("acme", null)], "usr_ada")).toEqual([of("acme", null)]);
  });
});

test("[BYK6] what is others' own stays, and what is one's own goes with one's list", () => {
  const told = (id: string, ownerId?: string): SessionProvider => ({ id, kind: "anthropic", baseUrl: `https://berth.example/${id}`, models: [], ...(ownerId === undefined ? {} : { ownerId }) });
  const known = [told("acme"), told("gone"), told("adas", "usr_ada"), told("bobs", "usr_bob"), told("both", "usr_ada")];
  expect(withOthersOwn([told("acme"), told("both", "usr_bob")], known, "usr_bob").map(({ id, ownerId }) => [id, ownerId])).toEqual([
    ["acme", undefined],
    ["both", "usr_bob"],
    ["adas", "usr_ada"],
  ]);
});
