/** A second organization with a key, made beside the instance: the first one is all that an instance makes by itself. */
import { SCOPES } from "@berth/protocol";
import { openDatabase } from "../../../src/db/pg/database.ts";
import { createBetterAuthIdentity } from "../../../src/adapters/identity/better-auth.ts";
import type { TestStack } from "./stack.ts";

/** Answers an API key of the new organization's owner. */
export async function addOrganization({ databaseUrl, url, secrets, query }: TestStack, name: string): Promise<string> {
  const orgId = `org${name}`;
  const userId = `user${name}`;
  await query(`insert into auth."user" (id, name, email) values ($1, $2, $3)`, [userId, name, `${name}@example.test`]);
  await query("insert into auth.organization (id, name, slug, created_at) values ($1, $2, $3, now())", [orgId, name, name]);
  await query("insert into auth.member (id, organization_id, user_id, role, created_at) values ($1, $2, $3, 'owner', now())", [`member${name}`, orgId, userId]);
  await using open = openDatabase(databaseUrl);
  const identity = createBetterAuthIdentity({ db: open.db, baseUrl: url, secret: secrets.authSecret });
  const owner = { kind: "user", userId, userName: name, orgId, orgName: name, role: "owner", scopes: [], teamIds: [], keyId: null } as const;
  const { secret } = await identity.createApiKey(owner, { name: "e2e", expiresAtMs: null, scopes: SCOPES });
  return secret;
}
