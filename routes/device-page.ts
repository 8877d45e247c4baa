/** The page on which a person lets a program have a key of theirs, or does not. */
import type { Scope } from "@berth/protocol";
import { z } from "zod";
import type { Services } from "../src/app/services.ts";
import { refuse, type ProblemError } from "../src/app/http/problem-error.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";
import type { DeviceRequest } from "../src/ports/identity/devices.port.ts";
import { showUserCode } from "../src/core/access/user-code.ts";
import { accountPage, inWords, onTo, orAgain } from "./account-form.ts";
import { audited, byPrincipal } from "./audited.ts";
import { personHere, resolvePerson } from "./auth.ts";
import { escapeHtml } from "./html.ts";
import { countPlace } from "./rate.ts";
import { createSubApp, route } from "./route.ts";

export const devicePage = createSubApp();

const TITLE = "Sign in a program";
const common = { path: "/device", scope: null, tag: "Account" } as const;

route(
  devicePage,
  {
    ...common,
    method: "get",
    policy: "public",
    summary: "The page to let a program have a key on",
    query: z.object({ code: z.string().max(64).optional() }),
    success: { status: 200, description: "HTML; 303 to sign in for who is not" },
  },
  async ({ request, services, query: { code } }) =>
    orAgain(
      async () => {
        const here = await personHere(request, services);
        if (!here) return onTo(`/sign-in?next=${encodeURIComponent(addressOf(code))}`);
        if (code === undefined || code === "") return accountPage(TITLE, typeCode());
        countPlace(services, request);
        const [asked, principal] = await Promise.all([services.identity.devices.find(code), services.identity.authenticate(here.credentials)]);
        return accountPage(TITLE, decidePage(showUserCode(code), asked ?? noSuchCode(), principal ?? ofNothing(), services.now()));
      },
      (refusal) => accountPage(TITLE, typeCode(), refusal),
    ),
);

const DeviceForm = z.object({ code: z.string().max(64).default(""), decision: z.enum(["allow", "refuse"]) });

route(
  devicePage,
  { ...common, method: "post", policy: "person", audit: "itself", summary: "Let a program have a key, or not", body: DeviceForm, form: true, success: { status: 200, description: "A page that says so" } },
  async ({ request, services, body, log }) =>
    orAgain(
      async () => {
        countPlace(services, request);
        const { credentials } = await resolvePerson(request, services);
        const principal = (await services.identity.authenticate(credentials)) ?? ofNothing();
        // Who has the code may be anybody; who gave a key away is to be found later.
        const asked = await services.identity.devices.find(body.code);
        const target = asked === null ? {} : { clientName: asked.clientName };
        const deed = { by: byPrincipal(principal), action: `POST /device ${body.decision}`, target, request, log };
        return audited(services, deed, { waits: true }, () => decide(services, principal, body, asked ?? noSuchCode()));
      },
      (refusal: ProblemError) => accountPage(TITLE, typeCode(), refusal),
    ),
);

async function decide({ identity }: Services, principal: Principal, { code, decision }: z.infer<typeof DeviceForm>, asked: DeviceRequest): Promise<Response> {
  const { orgId, userId } = principal;
  const scopes = granted(asked, principal);
  await identity.devices.decide(code, decision === "allow" ? { orgId, userId, scopes } : null).catch(inWords({ "not-found": noSuchCode }));
  const name = `<b>${escapeHtml(asked.clientName)}</b>`;
  if (decision === "refuse") return accountPage("Refused", `<p>${name} gets no key. You can close this page.</p>`);
  return accountPage("Done", `<p>${name} has its key in a moment: go back to it. You can close this page.</p>\n<p class="note">An admin can revoke the key at any time; it ends by itself after 90 days.</p>`);
}

/** Who gives one of these away gives away more than sessions: the code must come from the program's own screen, not from a link. */
const POWERFUL: readonly Scope[] = ["admin", "keys:write", "secrets:write"];

function decidePage(code: string, asked: DeviceRequest, principal: Principal, nowMs: number): string {
  const scopes = granted(asked, principal);
  const beyond = asked.scopes.filter((scope) => !scopes.includes(scope));
  const list = scopes.map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`).join("");
  const isTyped = scopes.some((scope) => POWERFUL.includes(scope));
  const less = beyond.length === 0 ? "" : `<p class="note">It also asked for ${beyond.map((scope) => `<code>${escapeHtml(scope)}</code>`).join(", ")}, which your role does not have and the key will not either.</p>`;
  return `<p>A program that calls itself <b>${escapeHtml(asked.clientName)}</b> asks for an API key of <b>${escapeHtml(principal.orgName)}</b> in your name. It asked ${madeWhen(asked, nowMs)}. With the key, it may:</p>
<ul>${list}</ul>
${less}
${isTyped ? "" : `<p class="code" aria-label="Code">${escapeHtml(code)}</p>`}
<p>Go on only if you have just started that program yourself, and it shows ${isTyped ? "a code" : "this very code"}. Nobody from Berth ever asks you to open this page.</p>
${isTyped ? typedForm(code) : plainForm(code)}`;
}

function plainForm(code: string): string {
  return `<form class="card row" method="post" action="/device">
<input type="hidden" name="code" value="${escapeHtml(code)}">
<button name="decision" value="allow">Let it have the key</button>
<button class="lesser" name="decision" value="refuse">Refuse</button>
</form>`;
}

/** To refuse it nobody has to type. */
function typedForm(code: string): string {
  return `<form class="card" method="post" action="/device">
${codeField("Type the code that the program shows")}
<button name="decision" value="allow">Let it have the key</button>
</form>
<form class="row" method="post" action="/device">
<input type="hidden" name="code" value="${escapeHtml(code)}">
<button class="lesser" name="decision" value="refuse">Refuse</button>
</form>`;
}

function madeWhen({ createdAtMs, address }: DeviceRequest, nowMs: number): string {
  const minutes = Math.floor((nowMs - createdAtMs) / 60_000);
  const when = minutes < 1 ? "less than a minute ago" : minutes === 1 ? "a minute ago" : `${minutes} minutes ago`;
  return address === null ? when : `${when}, from the network address <b>${escapeHtml(address)}</b>`;
}

function codeField(label: string): string {
  return `<label for="code">${label}</label>
<input id="code" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder="XXXX-XXXX" maxlength="20" required>`;
}

function typeCode(): string {
  return `<p>Type the code that the program shows.</p>
<form class="card" method="get" action="/device">
${codeField("Code")}
<button>Go on</button>
</form>`;
}

function granted({ scopes }: DeviceRequest, principal: Principal): DeviceRequest["scopes"] {
  return scopes.filter((scope) => principal.scopes.includes(scope));
}

function addressOf(code: string | undefined): string {
  const shown = showUserCode(code ?? "");
  return shown === "" ? "/device" : `/device?code=${shown}`;
}

function noSuchCode(): never {
  return refuse("not-found", "No program waits with this code: it is over ten minutes old, mistyped, or decided already.", { fix: "Compare it with what the program shows, or start the program again for a new one." });
}

function ofNothing(): never {
  return refuse("forbidden", "You belong to no organization of this Berth, so there is nothing a key could be for.", { fix: "Ask an admin of one for an invitation first." });
}
