/** With whom a session is shared: members, teams, and whoever has a link. */
import type { ClientToken, CreatedShareLink } from "@berth/protocol";
import { parseSessionToken } from "../src/app/http/session-token.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import type { ClientGrant } from "../src/app/session-handle.ts";
import type { ShareAnswers, ShareCommand } from "../src/app/session-share.ts";
import type { Services } from "../src/app/services.ts";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { note } from "./audited.ts";
import { authorOf, bearerOf } from "./auth.ts";
import { iso, json, noContent, wholeList } from "./paging.ts";
import { createSubApp, route, type Call } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";
import { openHandle, unwrap } from "./session-access.ts";

export const shares = createSubApp();

const HOUR_MS = 3_600_000;
const LINK_HOURS = 24;
const LINK_USES = 10;
const CLIENT_TOKEN_SECONDS = 15 * 60;

const write = { policy: "principal", scope: "sessions:write", tag: "Sharing" } as const;

route(
  shares,
  {
    method: "get",
    path: "/v1/sessions/:sessionId/shares",
    policy: "principal",
    scope: "sessions:read",
    tag: "Sharing",
    summary: "List a session's shares and links",
    description: "Never their tokens. Members of the organization who see the session by its visibility are not among them.",
    success: { status: 200, schema: pageOf("Share", SCHEMAS.Share) },
  },
  async (call) => wholeList(await (await opened(call))({ do: "list" })),
);

route(
  shares,
  {
    ...write,
    method: "post",
    path: "/v1/sessions/:sessionId/shares",
    summary: "Share a session with a member, service account or team",
    description: "For the session's owner and for who administers. Sharing again with the same one changes the role. A viewer of the organization only ever watches.",
    body: SCHEMAS.CreateShare,
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.Share },
  },
  async (call) => {
    const { services, principal, body } = call;
    const ask = await opened(call);
    if (!(await isOurs(services, principal.orgId, body.with, body.id))) {
      const message = body.with === "team" ? "There is no such team in this organization." : "There is no such member or service account in this organization.";
      refuse("not-found", message, { errors: [{ pointer: "/id", message }] });
    }
    return json(await ask({ do: "share", with: body.with, principalId: body.id, role: body.role }), 201);
  },
);

route(
  shares,
  {
    ...write,
    method: "delete",
    path: "/v1/sessions/:sessionId/shares/:shareId",
    summary: "End a share or a link",
    description: "Whoever may not see the session any more loses its streams at once; client tokens that came from a link end with it.",
    success: { status: 204 },
  },
  async (call) => {
    const ask = await opened(call);
    await ask({ do: "unshare", id: call.param("shareId") });
    return noContent();
  },
);

route(
  shares,
  {
    ...write,
    method: "post",
    path: "/v1/sessions/:sessionId/share-links",
    summary: "Make a link to a session",
    description: "Who has `token` may redeem it for a client token, until it expires and as often as it says. It ends, with those tokens, when who made it may not share the session any more, or the key it was made with ends. It is shown this once.",
    body: SCHEMAS.CreateShareLink,
    idempotency: "claimed",
    success: { status: 201, schema: SCHEMAS.CreatedShareLink },
  },
  async (call) => {
    const { services, body } = call;
    const ask = await opened(call);
    const expiresAtMs = services.now() + (body.expiresInHours ?? LINK_HOURS) * HOUR_MS;
    const made: CreatedShareLink = await ask({ do: "link", role: body.role, expiresAtMs, usesMax: body.usesMax ?? LINK_USES });
    return json(made, 201);
  },
);

route(
  shares,
  {
    method: "post",
    path: "/v1/share-links/redeem",
    policy: "link-token",
    scope: null,
    tag: "Sharing",
    summary: "Redeem a link for a client token",
    description: "Counts as one use of the link. The client token lasts an hour, and no longer than the link. A link that is over or used up is refused with `conflict`, a removed one with `not-found`.",
    audit: "itself",
    idempotency: "natural",
    success: { status: 201, schema: SCHEMAS.ClientToken },
  },
  async ({ request, services, action, log }) => {
    const token = bearerOf(request.headers.get("authorization")) ?? "";
    const { orgId, sessionId } = parseSessionToken("shl", token) ?? noSuchLink();
    const redeemed = await services.sessions.of(orgId, sessionId).sharing({ do: "redeem", token }, null);
    // Of a session that is gone and of a link that is not there the same is said.
    if (!redeemed.ok && redeemed.problem.status === 404) noSuchLink();
    const made = unwrap(redeemed);
    // Nobody knows who it is: from then on they are this token.
    const by = { orgId, actor: { kind: "api-key", id: made.id, name: "share link" } as const, apiKeyId: null };
    await note(services, { by, action, target: { sessionId, clientTokenId: made.id }, request, log }, { status: 201, waits: false });
    return json(shownToken(sessionId, made), 201);
  },
);

route(
  shares,
  {
    ...write,
    method: "post",
    path: "/v1/sessions/:sessionId/client-tokens",
    summary: "Make a client token",
    description: "For an integrator's own page: a bearer token for this one session, for a few minutes. It ends with the key that made it. Pages of other origins need theirs on the organization's list.",
    body: SCHEMAS.CreateClientToken,
    idempotency: "claimed",
    success: { status: 201, schema: SCHEMAS.ClientToken },
  },
  async (call) => {
    const { services, principal, param, body } = call;
    const ask = await opened(call);
    const expiresAtMs = services.now() + (body.expiresInSeconds ?? CLIENT_TOKEN_SECONDS) * 1000;
    const origins = await services.catalog.clientOrigins(principal.orgId);
    const made = await ask({ do: "mint", access: body.access, expiresAtMs, origins });
    return json(shownToken(param("sessionId"), made), 201);
  },
);

route(
  shares,
  {
    ...write,
    method: "delete",
    path: "/v1/sessions/:sessionId/client-tokens/:clientTokenId",
    summary: "End a client token",
    description: "By who made it, or who manages the session.",
    success: { status: 204 },
  },
  async (call) => {
    const ask = await opened(call);
    await ask({ do: "end", id: call.param("clientTokenId") });
    return noContent();
  },
);

/** Once it is certain that they may see the session: what it says to a command, since it knows who may do what. */
async function opened({ services, principal, param }: Pick<Call<"principal", unknown, unknown>, "services" | "principal" | "param">) {
  const handle = await openHandle(services, principal, param("sessionId"));
  return async <C extends ShareCommand>(command: C): Promise<ShareAnswers[C["do"]]> => unwrap(await handle.sharing(command, authorOf(principal)));
}

async function isOurs({ identity: { directory } }: Services, orgId: string, kind: "member" | "team", id: string): Promise<boolean> {
  if (kind === "team") return (await directory.listTeams(orgId)).some((team) => team.id === id);
  try {
    await directory.member(orgId, id);
    return true;
  } catch (error) {
    if (!isPortError(error) || error.code !== "not-found") throw error;
  }
  return (await directory.listServiceAccounts(orgId)).some((account) => account.id === id);
}

function shownToken(sessionId: string, { id, token, access, expiresAtMs }: ClientGrant & { readonly token: string }): ClientToken {
  return { id, token, sessionId, access, expiresAt: iso(expiresAtMs) };
}

function noSuchLink(): never {
  return refuse("not-found", "There is no such link, or not any more.", { fix: "Ask for a new one." });
}
