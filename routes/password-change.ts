/** Another password, by who is signed in and knows the one of now. */
import { z } from "zod";
import { refuse, refuseField, type ProblemError } from "../src/app/http/problem-error.ts";
import { pushEndedSignIns } from "../src/app/push-revocation.ts";
import type { Services } from "../src/app/services.ts";
import type { Person } from "../src/ports/identity/directory.port.ts";
import { accountPage, checkNewPassword, form, NEW_PASSWORD, onTo, orAgain, type Field } from "./account-form.ts";
import { audited, byPrincipal } from "./audited.ts";
import { personHere, resolvePerson } from "./auth.ts";
import { countAttempt } from "./rate.ts";
import { createSubApp, route } from "./route.ts";

export const passwordChange = createSubApp();

const common = { path: "/password", scope: null, tag: "Account" } as const;
const TITLE = "Change your password";
const CURRENT: Field = { name: "current", label: "Current password", type: "password", autocomplete: "current-password", max: 1000 };

route(
  passwordChange,
  { ...common, method: "get", policy: "public", summary: "The page to change one's password on", success: { status: 200, description: "HTML; 303 to sign in for who is not" } },
  async ({ request, services }) => ((await personHere(request, services)) ? changePage(services) : onTo(`/sign-in?next=${encodeURIComponent("/password")}`)),
);

const Body = z.object({ current: z.string().max(1000).default(""), password: z.string().max(1000).default("") });

route(
  passwordChange,
  {
    ...common,
    method: "post",
    policy: "person",
    audit: "itself",
    summary: "Change one's password, on the page",
    description: "Ends every sign-in of the person with the links and client tokens that were made by them, and opens a new one.",
    body: Body,
    form: true,
    success: { status: 303, description: "Changed and signed in; on to the chat page" },
  },
  async ({ request, services, body, action, log }) =>
    orAgain(
      async () => {
        const { person, credentials } = await resolvePerson(request, services);
        countAttempt(services, request, person.email);
        const principal = await services.identity.authenticate(credentials);
        const change = (): Promise<Response> => changed(services, person, body);
        return principal === null ? change() : audited(services, { by: byPrincipal(principal), action, target: {}, request, log }, { waits: true }, change);
      },
      (refusal) => changePage(services, refusal),
    ),
);

async function changed(services: Services, person: Person, body: z.infer<typeof Body>): Promise<Response> {
  const { accounts } = services.identity;
  const password = checkNewPassword(body.password);
  const known = await accounts.signIn(person.email, body.current);
  if (known?.userId !== person.userId) refuseField("/current", "That is not your current password.", neverSet(services));
  const token = await accounts.requestPassword(person.email);
  const signedIn = token === null ? null : await accounts.setPassword(token, password);
  if (signedIn === null) return meanwhile();
  services.waitUntil(pushEndedSignIns(services, signedIn.ended));
  return onTo("/", signedIn.setCookies);
}

function changePage({ mailer }: Pick<Services, "mailer">, refusal: ProblemError | null = null): Response {
  const words = "<p>Everywhere else you are signed in now, you are signed out.</p>";
  const forgotten = mailer ? `<a href="/password-reset">Forgot your password?</a> · ` : "";
  const fields = [CURRENT, { ...NEW_PASSWORD, label: "New password" }];
  return accountPage(TITLE, `${words}\n${form("/password", fields, "Change it")}\n<p class="note">${forgotten}<a href="/">Leave it as it is</a></p>`, refusal);
}

function neverSet({ mailer }: Pick<Services, "mailer">): string {
  return mailer ? "If you never set one, sign out and follow “Forgot your password?”." : "If you never set one, ask who runs this Berth: with MAIL_FROM and SMTP_URL set, it sends a link.";
}

function meanwhile(): never {
  return refuse("conflict", "Your account was changed elsewhere in this moment, and your password is as it was.", { fix: "Try it once more." });
}
