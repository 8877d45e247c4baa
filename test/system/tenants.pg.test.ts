/** The same walk with people, keys, teams and invitations in PostgreSQL. */
import { verifies } from "@berth/testkit";
import { asApp, asAuth, createTestDatabase } from "@berth/testkit/test-database";
import pg from "pg";
import { afterAll, expect } from "vitest";
import { createBetterAuthIdentity } from "../../src/adapters/identity/better-auth.ts";
import { createPostgresCatalog } from "../../src/adapters/catalog/postgres.ts";
import { createDatabase } from "../../src/db/pg/database.ts";
import { FaultyPool } from "../../src/db/pg/faulty-pool.testkit.ts";
import { member, organization, user } from "../../src/db/pg/schema/identity.ts";
import { MemoryBerth } from "./support/memory-berth.ts";
import { sandboxesOf } from "./support/tenant-walk.ts";
import { walkTenants } from "./support/walk-tenants.ts";

const url = await createTestDatabase();
/** The owner's way in, for people; what is tested goes by the roles of the program. */
const pool = new pg.Pool({ connectionString: url, max: 2, allowExitOnIdle: true });
const db = createDatabase(pool);
const [app, auth] = [new FaultyPool(asApp(url)), new FaultyPool(asAuth(url))];

afterAll(() => Promise.all([pool.end(), app.end(), auth.end()]));

verifies("TEN1", "on PostgreSQL too, whoever asks for what is another organization's is told what an unknown id is told", async () => {
  const berth = new MemoryBerth({
    identity: (now) => createBetterAuthIdentity({ db: createDatabase(auth.asPool()), baseUrl: "http://berth.memory", secret: "example-secret-of-at-least-32-characters-0123456789", now }),
  });
  const clock = (): number => berth.time.now();
  const { identity } = berth.instance.services;
  const services = { ...berth.instance.services, catalog: createPostgresCatalog(app.app(), { now: clock }) };
  for (const id of ["org-a", "org-b"]) await db.insert(organization).values({ id, name: id, slug: id, createdAt: new Date(clock()) });
  let people = 0;
  const addPerson = async (orgId: string, role: string, name: string) => {
    // Ids say nothing of the organization: who asks for one finds it in their own list of what was done.
    const id = `person-${++people}`;
    await db.insert(user).values({ id, name, email: `${name}@example.com` });
    await db.insert(member).values({ id, organizationId: orgId, userId: id, role, createdAt: new Date(clock()) });
    const principal = await identity.standing(orgId, { userId: id, keyId: null });
    if (!principal) throw new Error("no such member");
    return principal;
  };
  const { asked, summary } = await walkTenants({ services, settle: () => berth.until(() => true), addPerson, ...sandboxesOf(berth) });
  expect(asked).toBeGreaterThan(500);
  console.log(summary);
});
