/** Both providers against their protocol's other side. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OutsideSignIn } from "../../core/access/outside-sign-in.ts";
import { createGithubSignIn } from "./github.ts";
import { createGoogleSignIn } from "./google.ts";
import { CLIENT, startStandIn, type StandIn, type StandInPerson } from "./stand-in.testkit.ts";

const TRIP = { state: "s".repeat(43), codeVerifier: "v".repeat(64), redirectUri: "http://127.0.0.1:8787/sign-in/x/callback" };
const ADA: StandInPerson = { id: 7, name: "Ada", emails: [{ email: "ada@example.com", primary: true, verified: true }], organizations: { acme: "active", beta: "pending" } };
let standIn: StandIn;

beforeAll(async () => {
  standIn = await startStandIn();
});
beforeEach(() => {
  standIn.failing = null;
  standIn.person = ADA;
});
afterAll(() => standIn.close());

const client = { fetch, ...CLIENT };
const makers: Readonly<Record<string, (changes?: object) => OutsideSignIn>> = {
  github: (changes) => createGithubSignIn({ ...client, baseUrl: standIn.url, readsOrganizations: true, ...changes }),
  google: (changes) => createGoogleSignIn({ ...client, issuer: standIn.url, ...changes }),
};

/** As a browser goes there and comes back. */
async function comeBack(provider: OutsideSignIn): Promise<URLSearchParams> {
  const answer = await fetch(await provider.begin(TRIP), { redirect: "manual" });
  const back = new URL(answer.headers.get("location") ?? "");
  expect(back.origin + back.pathname).toBe(TRIP.redirectUri);
  expect(back.searchParams.get("state")).toBe(TRIP.state);
  return back.searchParams;
}

describe.each(["github", "google"])("%s", (id) => {
  const make = (changes?: object): OutsideSignIn => makers[id]?.(changes) as OutsideSignIn;

  test("says who came back, by an address it has proven", async () => {
    const provider = make();
    const answer = await provider.finish((await comeBack(provider)).get("code") ?? "", TRIP);
    expect(answer?.profile).toEqual({ provider: id, accountId: "7", name: "Ada", email: "ada@example.com" });
  });

  test("an address it has not proven is none", async () => {
    standIn.person = { ...ADA, emails: [{ email: "victim@example.com", primary: true, verified: false }] };
    const provider = make();
    const answer = await provider.finish((await comeBack(provider)).get("code") ?? "", TRIP);
    expect(answer?.profile).toMatchObject({ accountId: "7", email: null });
  });

  test("takes a code once, from the browser it began in, and with the client's own secret", async () => {
    const provider = make();
    const code = (await comeBack(provider)).get("code") ?? "";
    expect(await provider.finish("made-up", TRIP)).toBeNull();
    expect(await provider.finish(code, TRIP)).not.toBeNull();
    expect(await provider.finish(code, TRIP)).toBeNull();
    expect(await provider.finish((await comeBack(provider)).get("code") ?? "", { ...TRIP, codeVerifier: "w".repeat(64) })).toBeNull();
    expect(await make({ clientSecret: "wrong" }).finish((await comeBack(provider)).get("code") ?? "", TRIP)).toBeNull();
  });

  test("who does not agree comes back without a code", async () => {
    standIn.person = null;
    expect([...(await comeBack(make()))].filter(([name]) => name !== "state")).toEqual([["error", "access_denied"]]);
  });

  test("a provider that is down is an error, and nobody", async () => {
    const provider = make();
    const code = (await comeBack(provider)).get("code") ?? "";
    for (const status of [500, 429, 200, 302]) {
      standIn.failing = status;
      await expect(provider.finish(code, TRIP)).rejects.toMatchObject({ port: "outside-sign-in", code: "unknown", outcome: "not-applied" });
    }
    const away = make({ fetch: () => Promise.reject(new TypeError("fetch failed")) });
    await expect(away.finish(code, TRIP)).rejects.toMatchObject({ message: expect.stringContaining("cannot be reached") });
  });
});

test("GitHub says which organizations somebody is really in, when it was asked for the right to", async () => {
  const provider = makers.github?.() as OutsideSignIn;
  const answer = await provider.finish((await comeBack(provider)).get("code") ?? "", TRIP);
  const isIn = async (org: string) => answer?.isMemberOf(org);
  expect(await Promise.all(["acme", "beta", "other", "../../user"].map(isIn))).toEqual([true, false, false, false]);
  const less = makers.github?.({ readsOrganizations: false }) as OutsideSignIn;
  const without = await less.finish((await comeBack(less)).get("code") ?? "", TRIP);
  expect(await without?.isMemberOf("acme")).toBe(false);
});

test("the primary address goes first, and an account without a name is called by its login", async () => {
  standIn.person = { ...ADA, name: "", emails: [{ email: "old@example.com", primary: false, verified: true }, { email: "new@example.com", primary: true, verified: true }] };
  const provider = makers.github?.() as OutsideSignIn;
  expect((await provider.finish((await comeBack(provider)).get("code") ?? "", TRIP))?.profile).toMatchObject({ name: "login7", email: "new@example.com" });
});

test("an issuer that says it is another is not believed", async () => {
  const lying = createGoogleSignIn({ ...client, issuer: standIn.url, fetch: async () => Response.json({ issuer: "https://accounts.google.com", authorization_endpoint: standIn.url, token_endpoint: standIn.url, userinfo_endpoint: standIn.url }) });
  await expect(lying.begin(TRIP)).rejects.toMatchObject({ code: "failed-precondition" });
});
