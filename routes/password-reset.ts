/** A new password, by a link that a mail brings. */
import { z } from "zod";
import { resetMail } from "../src/core/mail/mails.ts";
import { refuse, type ProblemError } from "../src/app/http/problem-error.ts";
import { pushEndedSignIns } from "../src/app/push-revocation.ts";
import type { Services } from "../src/app/services.ts";
import { accountPage, checkEmail, checkNewPassword, emailField, form, NEW_PASSWORD, onTo, orAgain } from "./account-form.ts";
import { noteSignIn } from "./audited-sign-in.ts";
import { requireOwnPage } from "./auth.ts";
import { escapeHtml } from "./html.ts";
import { mailLater, NO_MAIL } from "./mail-later.ts";
import { countAttempt, countMail } from "./rate.ts";
import { createSubApp, route } from "./route.ts";

export const passwordReset = createSubApp();

const common = { policy: "public", scope: null, tag: "Account" } as const;
const Token = z.object({ token: z.string().max(200).optional() });
const TITLE = "Set a new password";

route(
  passwordReset,
  { ...common, method: "get", path: "/password-reset", query: Token, summary: "The page for a new password", success: { status: 200, description: "HTML; with a token, the page to set it on" } },
  async ({ services, query: { token } }) => orAgain(async () => (token === undefined ? askPage(services) : setPage(token)), (refusal) => accountPage(TITLE, "", refusal)),
);

route(
  passwordReset,
  {
    ...common,
    method: "post",
    path: "/password-reset",
    audit: { exempt: "It sends a mail at most; the link in it changes something, and is written down." },
    summary: "Ask for a mail with a link to set a new password",
    body: z.object({ email: z.string().max(1000).default("") }),
    form: true,
    success: { status: 200, description: "The same page whether the address has an account or not" },
  },
  async ({ request, services, body }) =>
    orAgain(
      async () => {
        requireOwnPage(request, services.publicUrl);
        requireMailer(services);
        countAttempt(services, request, body.email);
        const email = checkEmail(body.email);
        countMail(services, request, email);
        const token = await services.identity.accounts.requestPassword(email);
        if (token !== null) mailLater(services, resetMail(email, `${services.publicUrl}/password-reset?token=${encodeURIComponent(token)}`));
        return accountPage("Look into your mail", `<p>If <b>${escapeHtml(email)}</b> has an account here, a mail is on its way to it. Its link works for one hour.</p>\n<p class="note">${NO_MAIL}</p>`);
      },
      (refusal) => askPage(services, body.email, refusal),
    ),
);

route(
  passwordReset,
  {
    ...common,
    method: "post",
    path: "/password-reset/new",
    query: Token,
    audit: "itself",
    summary: "Set a new password, on the page",
    description: "Ends every sign-in of the person with the links and client tokens that were made by them, and opens a new one.",
    body: z.object({ password: z.string().max(1000).default("") }),
    form: true,
    success: { status: 303, description: "Set and signed in; on to the chat page" },
  },
  async ({ request, services, query: { token = "" }, body, action, log }) =>
    orAgain(
      async () => {
        requireOwnPage(request, services.publicUrl);
        countAttempt(services, request, `password ${token}`);
        const signedIn = await services.identity.accounts.setPassword(token, checkNewPassword(body.password));
        if (signedIn === null) return usedUp();
        noteSignIn(services, { action, request, log }, signedIn);
        services.waitUntil(pushEndedSignIns(services, signedIn.ended));
        return onTo("/", signedIn.setCookies);
      },
      (refusal) => (refusal.problem.status === 404 ? accountPage(TITLE, `<p><a href="/password-reset">Ask for a new link</a></p>`, refusal) : setPage(token, refusal)),
    ),
);

function askPage(services: Services, email?: string, refusal: ProblemError | null = null): Response {
  if (refusal === null) requireMailer(services);
  if (!services.mailer) return accountPage(TITLE, "", refusal);
  return accountPage(TITLE, `<p>We send a link to your address.</p>\n${form("/password-reset", [emailField(email)], "Send the link")}\n<p class="note"><a href="/sign-in">Back to signing in</a></p>`, refusal);
}

function setPage(token: string, refusal: ProblemError | null = null): Response {
  const words = "<p>Everywhere you are signed in now, you are signed out.</p>";
  return accountPage(TITLE, `${words}\n${form(`/password-reset/new?token=${encodeURIComponent(token)}`, [{ ...NEW_PASSWORD, label: "New password" }], "Set it and sign in")}`, refusal);
}

/** @throws ProblemError */
function requireMailer({ mailer }: Pick<Services, "mailer">): void {
  if (!mailer) refuse("conflict", "This Berth sends no mails, so it cannot send a link.", { fix: "Ask who runs it: with MAIL_FROM and SMTP_URL set, it can." });
}

function usedUp(): never {
  return refuse("not-found", "This link is used up: it works once, within one hour.", { fix: "Ask for a new one." });
}
