/** The page behind an invitation's link: for whom it was made to accept it, signed in or with an account made on the spot. */
import { z } from "zod";
import type { Services } from "../src/app/services.ts";
import { refuse, type ProblemError } from "../src/app/http/problem-error.ts";
import type { ShownInvitation } from "../src/ports/identity/accounts.port.ts";
import { accountPage, checkName, checkNewPassword, emailField, form, inWords, nameField, NEW_PASSWORD, onTo, orAgain } from "./account-form.ts";
import { noteSignIn } from "./audited-sign-in.ts";
import { personHere, requireOwnPage } from "./auth.ts";
import { escapeHtml } from "./html.ts";
import { accept, noSuchInvitation } from "./invitations.ts";
import { outsideLinks } from "./outside-sign-in.ts";
import { countAttempt, countPlace } from "./rate.ts";
import { createSubApp, route } from "./route.ts";

export const invitationPage = createSubApp();

const link = { tag: "Account", scope: null, query: z.object({ token: z.string().max(200).optional() }) } as const;
const JoinForm = z.object({ name: z.string().max(1000).default(""), password: z.string().max(1000).default("") });

route(
  invitationPage,
  { ...link, path: "/invitation", method: "get", policy: "public", summary: "The link of an invitation", success: { status: 200, description: "A page to accept it on", mediaType: "text/html" } },
  async ({ request, services, query: { token = "" } }) => orAgain(() => (countPlace(services, request, "page"), page(request, services, token)), (refusal) => accountPage("Invitation", "", refusal)),
);

route(
  invitationPage,
  { ...link, path: "/invitation", method: "post", policy: "person", audit: "itself", summary: "Accept an invitation on its page", success: { status: 303, description: "Accepted; on to the chat page" } },
  async (call) =>
    orAgain(
      async () => {
        await accept(call, call.query.token ?? "");
        return onTo("/");
      },
      (refusal) => accountPage("Invitation", "", refusal),
    ),
);

route(
  invitationPage,
  {
    ...link,
    path: "/invitation/account",
    method: "post",
    policy: "public",
    audit: "itself",
    summary: "Make an account for the invited address, and accept",
    body: JoinForm,
    form: true,
    success: { status: 303, description: "Made, signed in and a member; on to the chat page" },
  },
  async ({ request, services, query: { token = "" }, body, action, log }) =>
    orAgain(
      async () => {
        requireOwnPage(request, services.publicUrl);
        countAttempt(services, request, `invitation ${token}`);
        const account = { name: checkName(body.name, "/name", "Your name"), password: checkNewPassword(body.password) };
        const signedIn = await services.identity.accounts.join(token, account).catch(inWords({ "not-found": noSuchInvitation, "already-exists": hasAccount }));
        noteSignIn(services, { action, request, log }, signedIn);
        return onTo("/", signedIn.setCookies);
      },
      (refusal) => page(request, services, token, { name: body.name, refusal }).catch(() => accountPage("Invitation", "", refusal)),
    ),
);

interface Again {
  readonly name?: string;
  readonly refusal?: ProblemError;
}

async function page(request: Request, services: Services, token: string, { name, refusal }: Again = {}): Promise<Response> {
  const invited = (await services.identity.accounts.invitation(token)) ?? noSuchInvitation();
  const person = (await personHere(request, services))?.person ?? null;
  const words = `<p><b>${escapeHtml(invited.orgName)}</b> invites <b>${escapeHtml(invited.email)}</b> to work with it here, as ${role(invited)}.</p>`;
  const address = `?token=${encodeURIComponent(token)}`;
  const main = (): string => {
    if (person?.email.toLowerCase() === invited.email) return form(`/invitation${address}`, [], "Accept the invitation");
    const other = person === null ? "" : `<p class="alert">You are signed in as ${escapeHtml(person.email)}. This invitation is for another address: going on signs you in as that one.</p>`;
    const signIn = `<a href="/sign-in?next=${encodeURIComponent(`/invitation${address}`)}">Sign in</a>`;
    if (invited.hasAccount) return `${other}<p>This address has an account. ${signIn} with it, then accept.</p>`;
    const fields = [{ ...emailField(invited.email), readonly: true }, nameField(name), NEW_PASSWORD];
    return `${other}<p>Choose a password to make your account.</p>\n${form(`/invitation/account${address}`, fields, "Make the account and join")}\n${outsideLinks(services, `/invitation${address}`)}`;
  };
  return accountPage("You are invited", `${words}\n${main()}`, refusal ?? null);
}

function role({ role: held }: ShownInvitation): string {
  return /^[aeiou]/.test(held) ? `an ${held}` : `a ${held}`;
}

function hasAccount(): never {
  return refuse("conflict", "This address has an account already.", { fix: "Sign in with it, and open the invitation again." });
}
