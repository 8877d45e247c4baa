/** Signing in with an account elsewhere: out to the provider's page, and back with a code. */
import { z } from "zod";
import { allowsAddress } from "../src/core/access/sign-up.ts";
import type { OutsideAnswer, OutsideSignIn } from "../src/core/access/outside-sign-in.ts";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuse, type ProblemError } from "../src/app/http/problem-error.ts";
import type { Services } from "../src/app/services.ts";
import type { Admission, SignedIn } from "../src/ports/identity/accounts.port.ts";
import { accountPage, inWords, landing, nextPage, onTo, orAgain } from "./account-form.ts";
import { noteSignIn } from "./audited-sign-in.ts";
import { escapeHtml } from "./html.ts";
import { noSuchInvitation } from "./invitations.ts";
import { clearTrip, newTrip, readTrip, tripCookie } from "./outside-trip.ts";
import { countPlace } from "./rate.ts";
import { createSubApp, route } from "./route.ts";

export const outsideSignIn = createSubApp();

const common = { method: "get", policy: "public", scope: null, tag: "Account" } as const;

/** Links, since a form may not go on to another origin: the policy of our pages forbids it. */
export function outsideLinks({ outsideSignIns = [] }: Pick<Services, "outsideSignIns">, next: string | null): string {
  const query = next === null ? "" : `?next=${encodeURIComponent(next)}`;
  const links = outsideSignIns.map(({ id, name }) => `<a class="button outside" href="/sign-in/${id}${escapeHtml(query)}">Go on with ${escapeHtml(name)}</a>`);
  return links.length === 0 ? "" : `<p class="outsides">${links.join("\n")}</p>`;
}

route(
  outsideSignIn,
  {
    ...common,
    path: "/sign-in/:provider",
    summary: "Sign in with an account of GitHub or Google",
    query: z.object({ next: z.string().max(512).optional() }),
    success: { status: 303, description: "On to the provider's page" },
  },
  async ({ request, services, param, query }) =>
    orAgain(async () => {
      const provider = providerOf(services, param("provider"));
      countPlace(services, request);
      const trip = newTrip(provider.id, nextPage(query.next), services.randomBytes);
      const there = await provider.begin({ ...trip, redirectUri: redirectUriOf(services, provider) }).catch(unreachable(provider));
      return onTo(there.toString(), [tripCookie(services.publicUrl, trip)]);
    }, failed),
);

route(
  outsideSignIn,
  {
    ...common,
    path: "/sign-in/:provider/callback",
    audit: "itself",
    summary: "Where the provider sends the browser back to",
    query: z.object({ code: z.string().max(2048).optional(), state: z.string().max(512).optional(), error: z.string().max(200).optional() }),
    success: { status: 303, description: "Signed in; on to the chat page, or to the invitation that was open" },
  },
  async ({ request, services, param, query, action, log }) => {
    const answer = await orAgain(async () => {
      const provider = providerOf(services, param("provider"));
      countPlace(services, request);
      const trip = readTrip(services.publicUrl, request.headers.get("cookie"));
      if (trip === null || trip.provider !== provider.id || query.state !== trip.state) return astray();
      if (query.code === undefined) return declined(provider, query.error);
      const found = await provider.finish(query.code, { codeVerifier: trip.codeVerifier, redirectUri: redirectUriOf(services, provider) }).catch(unreachable(provider));
      const signedIn = await enter(services, provider, found ?? declined(provider), trip.next);
      noteSignIn(services, { action, request, log }, signedIn);
      return landing(signedIn, trip.next);
    }, failed);
    answer.headers.append("set-cookie", clearTrip(services.publicUrl));
    return answer;
  },
);

/** Who has an account is signed in; who has none gets one where they may. */
async function enter(services: Services, provider: OutsideSignIn, answer: OutsideAnswer, next: string | null): Promise<SignedIn> {
  const { accounts } = services.identity;
  const { profile } = answer;
  const known = await accounts.signInFrom(profile).catch(inWords({ "failed-precondition": unproven }));
  if (known) return known;
  const { email } = profile;
  if (email === null) return refuse("forbidden", `Your ${provider.name} account has no e-mail address that ${provider.name} has confirmed.`, { fix: `Confirm one there, and try again.` });
  const how = await admissionOf(services, answer, email, next);
  const otherAddress = (): never => refuse("forbidden", `This invitation was made for another address than ${email}, which is the one of your ${provider.name} account.`, { fix: "Open the invitation again, and make an account with the invited address." });
  return accounts.admit({ ...profile, email }, how).catch(inWords({ "not-found": noSuchInvitation, "permission-denied": otherAddress, "failed-precondition": () => uninvited(email), "already-exists": unproven }));
}

async function admissionOf({ identity, signUpAllow }: Services, { profile, isMemberOf }: OutsideAnswer, email: string, next: string | null): Promise<Admission> {
  const token = next === null || !next.startsWith("/invitation") ? null : new URL(next, "http://page").searchParams.get("token");
  if (token !== null) return { by: "invitation", token };
  const orgName = `${profile.name.slice(0, 80)}'s organization`;
  if (!(await identity.accounts.isClaimed())) return { by: "claim", orgName };
  if (signUpAllow && allowsAddress(signUpAllow, email)) return { by: "allowed", orgName };
  for (const organization of profile.provider === "github" ? (signUpAllow?.githubOrgs ?? []) : []) {
    if (await isMemberOf(organization)) return { by: "allowed", orgName };
  }
  return uninvited(email);
}

function providerOf({ outsideSignIns = [] }: Services, id: string): OutsideSignIn {
  return outsideSignIns.find((each) => each.id === id) ?? refuse("not-found", "This Berth takes no accounts of that kind.", { fix: "Sign in with a password, or ask who runs it." });
}

function redirectUriOf({ publicUrl }: Services, { id }: OutsideSignIn): string {
  return `${publicUrl}/sign-in/${id}/callback`;
}

function failed(refusal: ProblemError): Response {
  return accountPage("Sign in", `<p><a href="/sign-in">Back to signing in</a></p>`, refusal);
}

function unreachable({ name }: OutsideSignIn): (error: unknown) => never {
  return (error) => {
    if (!isPortError(error)) throw error;
    return refuse("upstream-failed", `${name} does not answer as it should. ${error.message}`, { fix: "Try again in a minute, or sign in another way." });
  };
}

function declined({ name }: OutsideSignIn, error?: string): never {
  if (error === "access_denied") refuse("forbidden", `You did not let ${name} tell Berth who you are.`, { fix: "Try again, and agree there; or sign in another way." });
  return refuse("forbidden", `${name} did not confirm who you are.`, { fix: "Try again. If it goes on, tell who runs this Berth." });
}

function astray(): never {
  return refuse("bad-request", "This sign-in began in another browser, or more than ten minutes ago.", { fix: "Begin it again." });
}

function unproven(): never {
  return refuse("conflict", "There is an account with your address already, and nobody has proven yet that it is yours.", {
    fix: "Set a new password for it by mail, which proves the address; then you can sign in either way.",
  });
}

function uninvited(email: string): never {
  return refuse("forbidden", `Accounts are made by invitation here, and ${email} has none.`, { fix: "Ask an admin of your organization for an invitation, and open its link. Who runs this Berth can let you in with SIGN_UP_ALLOW." });
}
