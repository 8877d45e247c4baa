/** Signing in by password or by a one-use link, and out. The cookie is made by the identity port; this only carries it. */
import { z } from "zod";
import type { Services } from "../src/app/services.ts";
import { pushEndedSignIns } from "../src/app/push-revocation.ts";
import { signUpWay } from "../src/app/sign-up.ts";
import { refuse, type ProblemError } from "../src/app/http/problem-error.ts";
import { accountPage, emailField, form, landing, nextPage, onTo, orAgain } from "./account-form.ts";
import { byPrincipal, note } from "./audited.ts";
import { noteRefusedSignIn, noteSignIn } from "./audited-sign-in.ts";
import { credentialsOf, requireOwnPage } from "./auth.ts";
import { htmlPage } from "./html.ts";
import { outsideLinks } from "./outside-sign-in.ts";
import { countAttempt, countPlace } from "./rate.ts";
import { createSubApp, route } from "./route.ts";

export const signIn = createSubApp();

const EXPIRED = `<h1>This sign-in link is used up</h1>
<p>A link works once and within ten minutes. Get a new one where this one came from: on your own machine, run
<code>npm start</code> again and open the address it prints.</p>
<p>If you are signed in already, <a href="/">go to your sessions</a>. If you have a password, <a href="/sign-in">sign in with it</a>.</p>`;

const common = { path: "/sign-in", policy: "public", scope: null, tag: "Account" } as const;

route(
  signIn,
  {
    ...common,
    method: "get",
    audit: "itself",
    summary: "The page to sign in on, or a one-use link that signs in",
    query: z.object({ token: z.string().max(512).optional(), next: z.string().max(512).optional() }),
    success: { status: 200, description: "The page; with a token 303 on to the chat page" },
  },
  async ({ services, query, request, action, log }) => {
    countPlace(services, request, "page");
    if (query.token === undefined) return signInPage(services, { next: query.next });
    const redeemed = await services.identity.redeemSignInToken(query.token);
    if (redeemed === null) return htmlPage("Sign in", EXPIRED, { status: 410 });
    noteSignIn(services, { action, request, log }, redeemed);
    return onTo("/", redeemed.setCookies);
  },
);

const SignInForm = z.object({ email: z.string().max(1000).default(""), password: z.string().max(1000).default(""), next: z.string().max(512).optional() });

route(
  signIn,
  {
    ...common,
    method: "post",
    audit: "itself",
    summary: "Sign in with a password, on the page",
    body: SignInForm,
    form: true,
    success: { status: 303, description: "Signed in; on to the chat page, or to the invitation that was open" },
  },
  async ({ request, services, body, action, log }) =>
    orAgain(
      async () => {
        requireOwnPage(request, services.publicUrl);
        countAttempt(services, request, body.email);
        const signedIn = await services.identity.accounts.signIn(body.email.trim(), body.password);
        if (signedIn === null) {
          noteRefusedSignIn(services, { action, request, log }, body.email.trim());
          return refuse("unauthenticated", "This address and this password do not belong together.", { fix: "Check both and try again." });
        }
        noteSignIn(services, { action, request, log }, signedIn);
        return landing(signedIn, nextPage(body.next));
      },
      (refusal) => signInPage(services, { next: body.next, email: body.email, refusal }),
    ),
);

route(
  signIn,
  {
    method: "post",
    path: "/sign-out",
    policy: "public",
    audit: "itself",
    scope: null,
    tag: "Account",
    summary: "Sign out",
    description: "Ends the sign-in of the cookie and closes the streams that were opened by it, in every tab. Without one it does nothing.",
    success: { status: 204 },
  },
  async ({ request, services, action, log }) => {
    const credentials = credentialsOf(request);
    const done = new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
    if (credentials?.kind !== "cookie") return done;
    requireOwnPage(request, services.publicUrl);
    // Nobody is kept signed in because it is not known who they are.
    const principal = await services.identity.authenticate(credentials).catch(() => null);
    const { setCookies, ended } = await services.identity.signOut(credentials);
    if (ended) services.waitUntil(pushEndedSignIns(services, [ended]));
    if (principal) await note(services, { by: byPrincipal(principal), action, target: {}, request, log }, { status: 204, waits: false });
    return withCookies(done, setCookies);
  },
);

interface Shown {
  readonly next?: string | undefined;
  readonly email?: string;
  readonly refusal?: ProblemError;
}

const WITHOUT: Readonly<Record<Awaited<ReturnType<typeof signUpWay>>, string>> = {
  first: `<p>Nobody has an account here yet. <a href="/sign-up">Make the first one</a>: it owns this Berth.</p>`,
  closed: `<p class="note">No account? They are made by invitation here: ask an admin of your organization for one.</p>`,
  address: `<p class="note">No account? <a href="/sign-up">Make one</a>.</p>`,
  "no-mailer": `<p class="note">No account? They are made by invitation here: ask an admin of your organization for one.</p>`,
};

async function signInPage(services: Services, { next, email, refusal }: Shown): Promise<Response> {
  const on = nextPage(next);
  const fields = [
    emailField(email),
    { name: "password", label: "Password", type: "password", autocomplete: "current-password", max: 1000 } as const,
    ...(on === null ? [] : [{ name: "next", label: "", type: "hidden", value: on } as const]),
  ];
  const forgotten = services.mailer ? `<p class="note"><a href="/password-reset">Forgot your password?</a></p>` : "";
  const local = services.machine === null ? "" : `<p class="note">On your own machine you need no password: run <code>npm start</code> again and open the address it prints.</p>`;
  return accountPage("Sign in", `${form("/sign-in", fields, "Sign in")}\n${outsideLinks(services, on)}${forgotten}${WITHOUT[await signUpWay(services)]}\n${local}`, refusal ?? null);
}

function withCookies(response: Response, setCookies: readonly string[]): Response {
  for (const cookie of setCookies) response.headers.append("set-cookie", cookie);
  return response;
}
