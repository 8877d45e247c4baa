/** Invitations: made and revoked by who administers, accepted by the person they were made for. */
import type { CreatedInvitation, Invitation } from "@berth/protocol";
import { invitationMail } from "../src/core/mail/mails.ts";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import type { InvitationRecord } from "../src/ports/identity/directory.port.ts";
import { byPerson, note } from "./audited.ts";
import { resolvePerson } from "./auth.ts";
import { ownersAreForOwners } from "./members.ts";
import { iso, json, noContent, wholeList } from "./paging.ts";
import { createSubApp, route, type Call } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const invitations = createSubApp();

const common = { policy: "principal:admin", scope: "admin", tag: "Organization" } as const;

route(
  invitations,
  {
    ...common,
    method: "post",
    path: "/v1/invitations",
    summary: "Invite somebody",
    description: "`url` is the link to pass on, shown this once; where Berth sends mails, it goes to the address instead and is shown to nobody. It works for the person of that address, once, for seven days. Only an owner invites an owner.",
    body: SCHEMAS.CreateInvitation,
    idempotency: "claimed",
    success: { status: 201, schema: SCHEMAS.CreatedInvitation },
  },
  async ({ services, principal, body }) => {
    ownersAreForOwners(principal.role, body.role);
    const invitedBy = principal.isServiceAccount ? null : principal.userId;
    const { directory } = services.identity;
    const mailed = services.mailer !== undefined;
    const { token, ...record } = await directory.createInvitation(principal.orgId, { ...body, invitedBy, mailed });
    const url = `${services.publicUrl}/invitation?token=${encodeURIComponent(token)}`;
    const sent = services.mailer?.send(invitationMail(record.email, principal.orgName, url));
    // Nobody has the link then, or nobody knows who: it must not work.
    await sent?.catch(async (error: unknown) => {
      await directory.revokeInvitation(principal.orgId, record.id);
      return mailProblem(error);
    });
    const answer: CreatedInvitation = { ...shown(record), mailed, ...(mailed ? {} : { token, url }) };
    return json(answer, 201);
  },
);

route(
  invitations,
  { ...common, method: "get", path: "/v1/invitations", summary: "List invitations that wait", success: { status: 200, schema: pageOf("Invitation", SCHEMAS.Invitation) } },
  async ({ services, principal }) => wholeList((await services.identity.directory.listInvitations(principal.orgId)).map(shown)),
);

route(
  invitations,
  { ...common, method: "delete", path: "/v1/invitations/:invitationId", summary: "Revoke an invitation", success: { status: 204 } },
  async ({ services, principal, param }) => {
    await services.identity.directory.revokeInvitation(principal.orgId, param("invitationId")).catch(invitationProblem);
    return noContent();
  },
);

route(
  invitations,
  {
    method: "post",
    path: "/v1/invitations/accept",
    policy: "person",
    scope: null,
    tag: "Organization",
    summary: "Accept an invitation",
    description: "Needs the sign-in of the person it was made for, who need not belong to any organization yet. The sign-in acts in that organization from then on.",
    body: SCHEMAS.AcceptInvitation,
    audit: "itself",
    idempotency: "natural",
    success: { status: 200, schema: SCHEMAS.AcceptedInvitation },
  },
  async (call) => {
    const { orgId, orgName, role } = await accept(call, call.body.token);
    return json({ organization: { id: orgId, name: orgName }, role });
  },
);

/** Makes the person who is signed in a member, and their sign-in act there. */
export async function accept({ request, services, action, log }: Pick<Call<"person", unknown, unknown>, "request" | "services" | "action" | "log">, token: string) {
  const { person, credentials } = await resolvePerson(request, services);
  const joined = await services.identity.directory.acceptInvitation(token, person).catch(invitationProblem);
  await services.identity.switchOrganization(credentials, joined.orgId);
  await note(services, { by: byPerson(joined.orgId, person), action, target: { role: joined.role }, request, log }, { status: 200, waits: true });
  return joined;
}

function shown({ id, email, role, createdAtMs, expiresAtMs }: InvitationRecord): Invitation {
  return { id, email, role, createdAt: iso(createdAtMs), expiresAt: iso(expiresAtMs) };
}

export function noSuchInvitation(): never {
  return refuse("not-found", "There is no such invitation: it was used, revoked, or is over seven days old.", { fix: "Ask for a new one." });
}

function mailProblem(error: unknown): never {
  if (!isPortError(error)) throw error;
  return refuse("upstream-failed", `The invitation was not made, since its mail could not be sent. ${error.message}`, error.fix === undefined ? {} : { fix: error.fix });
}

function invitationProblem(error: unknown): never {
  if (isPortError(error) && error.code === "not-found") return noSuchInvitation();
  if (isPortError(error) && error.code === "permission-denied") return refuse("forbidden", "This invitation was made for another address than the one you are signed in with.", { fix: "Sign out, and open the link again." });
  throw error;
}
