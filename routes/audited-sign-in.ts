/** Writes down who came in, and who was told no at the door: in the list of the organization that the sign-in acts in. */
import type { Services } from "../src/app/services.ts";
import type { SignedIn } from "../src/ports/identity/accounts.port.ts";
import { byPerson, byPrincipal, note, type AuditServices, type Deed } from "./audited.ts";

type SignInServices = AuditServices & Pick<Services, "identity">;
type SignInDeed = Pick<Deed, "action" | "request" | "log">;

/** Nobody waits for it: in how long an answer comes there is nothing to be read. Somebody of no organization is in no list. */
export function noteSignIn(services: SignInServices, deed: SignInDeed, { setCookies }: Pick<SignedIn, "setCookies">): void {
  const header = setCookies.map((cookie) => cookie.split(";")[0]).join("; ");
  inBackground(services, deed, async () => {
    const principal = await services.identity.authenticate({ kind: "cookie", header });
    if (principal) await note(services, { ...deed, by: byPrincipal(principal), target: {} }, { status: 303, waits: true });
  });
}

/** A password that was wrong for an account that there is. */
export function noteRefusedSignIn(services: SignInServices, deed: SignInDeed, email: string): void {
  inBackground(services, deed, async () => {
    const found = await services.identity.accounts.whose(email);
    if (found && found.orgId !== null) await note(services, { ...deed, by: byPerson(found.orgId, found), target: {} }, { status: 401, waits: true });
  });
}

function inBackground({ waitUntil }: SignInServices, { action, request, log }: SignInDeed, work: () => Promise<void>): void {
  const noted = work().catch((cause: unknown) => {
    log({ errorId: crypto.randomUUID(), method: request.method, path: new URL(request.url).pathname, error: new Error(`not written down: ${action}`, { cause }) });
  });
  waitUntil(noted);
}
