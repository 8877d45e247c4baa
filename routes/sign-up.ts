/** Making an account: the first one, and later ones where the operator lets people in without an invitation. */
import { z } from "zod";
import { allowsAddress } from "../src/core/access/sign-up.ts";
import { knownAddressMail, proofMail } from "../src/core/mail/mails.ts";
import type { RequestedAccount } from "../src/ports/identity/accounts.port.ts";
import type { Services } from "../src/app/services.ts";
import { signUpWay } from "../src/app/sign-up.ts";
import { refuse, type ProblemError } from "../src/app/http/problem-error.ts";
import { accountPage, checkEmail, checkName, checkNewPassword, emailField, form, inWords, nameField, NEW_PASSWORD, onTo, orAgain } from "./account-form.ts";
import { noteSignIn } from "./audited-sign-in.ts";
import { requireOwnPage } from "./auth.ts";
import { escapeHtml } from "./html.ts";
import { mailLater, NO_MAIL } from "./mail-later.ts";
import { outsideLinks } from "./outside-sign-in.ts";
import { countAttempt, countMail, countPlace } from "./rate.ts";
import { createSubApp, route } from "./route.ts";

export const signUp = createSubApp();

const common = { path: "/sign-up", policy: "public", scope: null, tag: "Account" } as const;

const Token = z.object({ token: z.string().max(200).optional() });

const SignUpForm = z.object({
  name: z.string().max(1000).default(""),
  email: z.string().max(1000).default(""),
  password: z.string().max(1000).default(""),
  organization: z.string().max(1000).default(""),
});

route(
  signUp,
  { ...common, method: "get", summary: "The page to make an account on", success: { status: 200, description: "HTML" } },
  async ({ request, services }) => orAgain(() => (countPlace(services, request, "page"), signUpPage(services)), (refusal) => accountPage("Make an account", "", refusal)),
);

route(
  signUp,
  {
    ...common,
    method: "post",
    audit: "itself",
    summary: "Make an account, on the page",
    description: "The first account of an instance owns its first organization. Later ones need an address that `SIGN_UP_ALLOW` lets in and a mail that proves it.",
    body: SignUpForm,
    form: true,
    success: { status: 303, description: "Made and signed in; on to the chat page" },
  },
  async ({ request, services, body, action, log }) =>
    orAgain(
      async () => {
        requireOwnPage(request, services.publicUrl);
        countAttempt(services, request, body.email);
        const way = await requireWay(services);
        const account = { name: checkName(body.name, "/name", "Your name"), email: checkEmail(body.email), password: checkNewPassword(body.password), orgName: checkName(body.organization, "/organization", "The organization's name") };
        if (way === "address") return await askForProof(request, services, account);
        const signedIn = await services.identity.accounts.claim(account).catch(inWords({ "failed-precondition": closed, "already-exists": hasAccount }));
        noteSignIn(services, { action, request, log }, signedIn);
        return onTo("/", signedIn.setCookies);
      },
      (refusal) => signUpPage(services, body, refusal).catch(() => accountPage("Make an account", TO_SIGN_IN, refusal)),
    ),
);

const TO_SIGN_IN = `<p>Have one already? <a href="/sign-in">Sign in</a>.</p>`;

async function signUpPage(services: Services, { name, email, organization }: Partial<z.infer<typeof SignUpForm>> = {}, refusal: ProblemError | null = null): Promise<Response> {
  const way = await requireWay(services);
  const fields = [nameField(name), emailField(email), NEW_PASSWORD, { name: "organization", label: "Name of your organization", autocomplete: "organization", max: 100, value: organization ?? "" }];
  const isFirst = way === "first";
  const words = isFirst
    ? `<p>Nobody owns this Berth yet. The account you make now does: it invites the others.</p>`
    : `<p>You get an organization of your own. To join another's, open its invitation instead.</p>`;
  return accountPage(isFirst ? "Make the first account" : "Make an account", `${words}\n${form("/sign-up", fields, "Make the account")}\n${outsideLinks(services, null)}`, refusal);
}

/** @throws ProblemError saying why no account can be made now, and what would change that */
async function requireWay(services: Services): Promise<"first" | "address"> {
  const way = await signUpWay(services);
  if (way === "closed") return closed();
  if (way === "no-mailer") {
    return refuse("forbidden", "Accounts cannot be made here yet: an address must be proven by a mail, and this Berth sends none.", {
      fix: "Ask an admin of your organization for an invitation, or who runs this Berth to set up a mailer (MAIL_FROM).",
    });
  }
  return way;
}

/** The same page for every address that is let in, whether it has an account or not; the mail tells its owner. */
async function askForProof(request: Request, services: Services, account: RequestedAccount): Promise<Response> {
  const { email } = account;
  if (!services.signUpAllow || !allowsAddress(services.signUpAllow, email)) {
    refuse("forbidden", `The address ${email} is not let in here.`, { fix: "Ask an admin of your organization for an invitation, or take the address that your organization gave you." });
  }
  countMail(services, request, email);
  const token = await services.identity.accounts.request(account);
  const { publicUrl } = services;
  mailLater(services, token === null ? knownAddressMail(email, `${publicUrl}/sign-in`) : proofMail(email, `${publicUrl}/sign-up/confirm?token=${encodeURIComponent(token)}`));
  return accountPage("Look into your mail", `<p>We sent a mail to <b>${escapeHtml(email)}</b>. Open the link in it to finish.</p>\n<p class="note">${NO_MAIL}</p>`);
}

/** A button, since programs that look at mails open every link in them. */
route(
  signUp,
  { ...common, method: "get", path: "/sign-up/confirm", query: Token, summary: "The link that proves an address", success: { status: 200, description: "A page to go on from" } },
  ({ query: { token = "" } }) => accountPage("Confirm your address", `<p>The link of our mail works. One more step makes your account and signs you in.</p>\n${form(`/sign-up/confirm?token=${encodeURIComponent(token)}`, [], "Make the account")}`),
);

route(
  signUp,
  { ...common, method: "post", path: "/sign-up/confirm", query: Token, audit: "itself", summary: "Prove an address, and make its account", success: { status: 303, description: "Made and signed in; on to the chat page" } },
  async ({ request, services, query: { token = "" }, action, log }) =>
    orAgain(
      async () => {
        requireOwnPage(request, services.publicUrl);
        countAttempt(services, request, `proof ${token}`);
        const signedIn = await services.identity.accounts.confirm(token);
        if (signedIn === null) return usedUp();
        noteSignIn(services, { action, request, log }, signedIn);
        return onTo("/", signedIn.setCookies);
      },
      (refusal) => accountPage("Confirm your address", TO_SIGN_IN, refusal),
    ),
);

function usedUp(): never {
  return refuse("not-found", "This link is used up: it works once, within 24 hours.", { fix: "Sign in if your account is there, or make it again for a new link." });
}

function closed(): never {
  return refuse("forbidden", "Accounts are made by invitation here.", {
    fix: "Ask an admin of your organization for one. Who runs this Berth can let addresses in with SIGN_UP_ALLOW.",
  });
}

function hasAccount(): never {
  return refuse("conflict", "This address has an account already.", { fix: "Sign in with it." });
}
