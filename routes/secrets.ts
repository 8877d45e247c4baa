/** Secrets for sessions: their values are written once, never read back. */
import { repositoriesOf } from "../src/core/git/repository-name.ts";
import { addSecret, findUsedSecret, listSecrets, removeSecret, replaceValue, secretsOfSession } from "../src/app/secrets.ts";
import { secretFaults } from "../src/app/secret-faults.ts";
import { soleWriterNow } from "../src/app/sole-writer.ts";
import { noSuchSession, refuse } from "../src/app/http/problem-error.ts";
import { authorOf } from "./auth.ts";
import { json, noContent, PageQuery, pageResponse, positionOf, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";
import { handleOf } from "./session-access.ts";

export const secrets = createSubApp();

const tag = "Secrets";

route(
  secrets,
  {
    method: "get",
    path: "/v1/secrets",
    policy: "principal",
    scope: "sessions:read",
    tag,
    summary: "List secrets",
    description: "Never their values. Those of the organization, of its repositories and environments, and your own; to an owner or admin also what others keep for themselves, which they may remove and nothing else.",
    success: { status: 200, schema: pageOf("Secret", SCHEMAS.Secret) },
  },
  async ({ services, principal }) => wholeList(await listSecrets(services, principal)),
);

route(
  secrets,
  {
    method: "post",
    path: "/v1/secrets",
    policy: "principal",
    scope: "secrets:write",
    waits: true,
    tag,
    summary: "Keep a secret",
    description:
      "For the organization, a repository or an environment by owners and admins; for oneself by anyone. By default the agent cannot read it: the broker adds it to requests for the hosts that are named here. With `readableByAgent` it is in the environment of sandboxes from their next start.",
    body: SCHEMAS.CreateSecret,
    faults: (body, { operatorOrigins = [] }) => secretFaults(body, operatorOrigins),
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.Secret },
  },
  async ({ services, principal, body }) => json(await addSecret(services, principal, body), 201),
);

route(
  secrets,
  {
    method: "put",
    path: "/v1/secrets/:secretId/value",
    policy: "principal",
    scope: "secrets:write",
    waits: true,
    tag,
    summary: "Replace a secret's value",
    description: "The broker sends the new one from now on. A sandbox that has the old one in its environment keeps it until its agent starts again.",
    body: SCHEMAS.SetSecretValue,
    success: { status: 200, schema: SCHEMAS.Secret },
  },
  async ({ services, principal, param, body }) => json(await replaceValue(services, principal, param("secretId"), body.value)),
);

route(
  secrets,
  {
    method: "delete",
    path: "/v1/secrets/:secretId",
    policy: "principal",
    scope: "secrets:write",
    waits: true,
    tag,
    summary: "Remove a secret",
    description: "The broker adds it to nothing from now on. A sandbox that has it in its environment keeps it until it ends.",
    success: { status: 204 },
  },
  async ({ services, principal, param }) => {
    await removeSecret(services, principal, param("secretId"));
    return noContent();
  },
);

route(
  secrets,
  {
    method: "get",
    path: "/v1/secrets/:secretId/uses",
    policy: "principal",
    scope: "secrets:write",
    tag,
    summary: "List the uses of a secret",
    description: "Newest first: which session, for whom, when, and to which host; `host` is null where it was put into a sandbox's environment. The newest 10,000 of 90 days are kept.",
    query: PageQuery,
    success: { status: 200, schema: pageOf("SecretUse", SCHEMAS.SecretUse) },
  },
  async ({ services, principal, param, query, url }) => {
    const { id } = await findUsedSecret(services, principal, param("secretId"));
    const page = await services.catalog.listSecretUses(principal.orgId, { secretId: id, ...positionOf("secret-uses", query) });
    return pageResponse(url, "secret-uses", page.uses, page.next);
  },
);

route(
  secrets,
  {
    method: "get",
    path: "/v1/sessions/:sessionId/secrets",
    policy: "principal",
    scope: "sessions:read",
    tag,
    summary: "List the secrets a session gets",
    description: "By name: those its agent can read, and those that the broker adds to requests. What you keep for yourself is among them, for your runs while nobody else has worked in the session; what others keep for themselves is not.",
    success: { status: 200, schema: pageOf("SessionSecret", SCHEMAS.SessionSecret) },
  },
  async ({ services, principal, param }) => {
    if (principal.client) refuse("forbidden", "A client token does not see which secrets a session gets.", { fix: "Use an API key." });
    const handle = handleOf(services, principal, param("sessionId"));
    const { workspace, environment } = (await handle.read(authorOf(principal))) ?? noSuchSession();
    const writer = await handle.sharing({ do: "sole-writer" }, authorOf(principal));
    const reach = { userId: principal.userId, repositories: repositoriesOf(workspace), environmentId: environment?.id ?? null };
    return wholeList(await secretsOfSession(services, principal.orgId, reach, await soleWriterNow(services, principal.orgId, writer.ok ? writer.value : null)));
  },
);
