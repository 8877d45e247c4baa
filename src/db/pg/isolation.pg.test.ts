/** Organizations kept apart by the database, table by table as `pg_catalog` lists them. */
import { verifies } from "@berth/testkit";
import { ROLE_PASSWORDS } from "@berth/testkit/postgres";
import { asApp, asAuth, createEmptyTestDatabase, createTestDatabase } from "@berth/testkit/test-database";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect } from "vitest";
import { readIsolation, type IsolationReport } from "./isolation.ts";
import { isolationStatus, migrate } from "./migrate.ts";
import { roleName } from "./roles.ts";
import { fillTables, insertSample } from "./sample-row.testkit.ts";

const url = await createTestDatabase();
const names = { app: new URL(asApp(url)).username, auth: new URL(asAuth(url)).username };
const owner = new pg.Client({ connectionString: url });
const app = new pg.Client({ connectionString: asApp(url) });
const auth = new pg.Client({ connectionString: asAuth(url) });
let report: IsolationReport;

beforeAll(async () => {
  for (const client of [owner, app, auth]) await client.connect();
  report = await readIsolation(owner, names);
});
beforeEach(() => fillTables(owner, report.appTables, ["org_a", "org_b"]));
afterAll(async () => {
  for (const client of [owner, app, auth]) await client.end();
});

/** As the Worker does it; always undone. */
async function under<T>(orgId: string | null, work: () => Promise<T>): Promise<T> {
  await app.query("begin");
  try {
    if (orgId !== null) await app.query("select set_config('app.org_id', $1, true)", [orgId]);
    return await work();
  } finally {
    await app.query("rollback");
  }
}

const refused = { code: "42501" };

describe("organizations in the database", () => {
  verifies(["ISO1", "ISO2"], "every table of the catalog is behind its role, and those of organizations behind their policy", () => {
    console.log(`${report.appTables.length} tables of organizations: ${report.appTables.join(", ")}`);
    console.log(`${report.authTables.length} tables of identity: ${report.authTables.join(", ")}`);
    expect(report.problems).toEqual([]);
    expect(report.appTables.length).toBeGreaterThanOrEqual(6);
    expect(report.authTables.length).toBeGreaterThanOrEqual(8);
  });

  verifies("ISO2", "neither role reads the other's tables, or any that migrations keep", async () => {
    for (const table of [...report.authTables, "drizzle.__drizzle_migrations"]) await expect(app.query(`select 1 from ${quoted(table)}`), table).rejects.toMatchObject(refused);
    for (const table of [...report.appTables, "drizzle.__drizzle_migrations"]) await expect(auth.query(`select 1 from ${quoted(table)}`), table).rejects.toMatchObject(refused);
  });

  verifies("ISO3", "unfiltered, one organization touches no row of another's, in any table", async () => {
    for (const table of report.appTables) {
      const name = quoted(table);
      const ofB = async () => (await owner.query(`select * from ${name} where org_id = 'org_b'`)).rows;
      const before = await ofB();
      expect(before, table).toHaveLength(1);
      const touched = await under("org_a", async () => ({
        read: (await app.query<{ org_id: string }>(`select org_id from ${name}`)).rows.map((row) => row.org_id),
        updated: (await app.query(`update ${name} set org_id = org_id`)).rowCount,
        deleted: (await app.query(`delete from ${name}`)).rowCount,
      }));
      expect({ table, ...touched }).toEqual({ table, read: ["org_a"], updated: 1, deleted: 1 });
      // The same for good: what the policy let through is gone, and B's row is as it was.
      await app.query("begin");
      await app.query("select set_config('app.org_id', 'org_a', true)");
      await app.query(`delete from ${name}`);
      await app.query("commit");
      expect(await ofB(), table).toEqual(before);
      await fillTables(owner, report.appTables, ["org_a", "org_b"]);
    }
  });

  verifies("ISO3", "no organization adds a row of another's, or makes one of its own another's", async () => {
    for (const table of report.appTables) {
      const name = quoted(table);
      // Where nothing of B's is in the way, the policy alone refuses.
      await fillTables(owner, report.appTables, ["org_a"]);
      await under("org_a", () => expect(insertSample(app, table, "org_b"), table).rejects.toMatchObject(refused));
      await under("org_a", () => expect(app.query(`update ${name} set org_id = 'org_b'`), table).rejects.toMatchObject(refused));
      await under("org_a", () => expect(app.query(`truncate ${name} cascade`), table).rejects.toMatchObject(refused));
    }
  });

  verifies("ISO4", "without an organization, or with an empty one, nothing is read and nothing written", async () => {
    for (const table of report.appTables) {
      for (const orgId of [null, ""]) {
        expect(await under(orgId, async () => (await app.query(`select 1 from ${quoted(table)}`)).rows), table).toEqual([]);
        expect(await under(orgId, async () => (await app.query(`delete from ${quoted(table)}`)).rowCount), table).toBe(0);
        await under(orgId, () => expect(insertSample(app, table, orgId ?? "org_c"), table).rejects.toMatchObject(refused));
      }
    }
  });
});

/** What a migration or a person could do wrong, and the words that name it. */
const MISTAKES: readonly (readonly [what: string, statement: string, named: RegExp])[] = [
  ["a table without a policy", "create table leaky (org_id text not null)", /^public\.leaky: row security is not enabled and forced$/],
  ["a table without an organization", "create table nobodys (id text)", /^public\.nobodys: has no column org_id/],
  ["an organization that may be null", "alter table sessions drop constraint sessions_org_id_id_pk; alter table sessions alter org_id drop not null", /^public\.sessions: has no column org_id/],
  ["row security that the owner escapes", "alter table sessions no force row level security", /^public\.sessions: row security/],
  ["row security that is off", "alter table sessions disable row level security", /^public\.sessions: row security/],
  ["a second policy that lets everything through", "create policy more on sessions using (true)", /^public\.sessions: its policies .*more/],
  ["a policy that does not check what is written", "alter policy organization on sessions with check (true)", /^public\.sessions: its policies/],
  ["a policy for some roles only", `alter policy organization on sessions to $app`, /^public\.sessions: its policies/],
  ["a table that the app role owns", "alter table sessions owner to $app", /^public\.sessions: the app role is its owner$/],
  ["an app role that becomes the owner", "grant $owner to $app", /^(role .* may do more|public\.sessions: the app role is its owner)/],
  ["an app role without row security", "alter role $app bypassrls", /^role .*_app may do more than log in$/],
  ["an app role that makes roles", "alter role $app createrole", /^role .*_app may do more than log in$/],
  ["one role that is a member of the other", "grant $auth to $app", /^of .* one is a member of the other$/],
  ["identity's table given to the app role", "grant usage on schema auth to $app; grant select (email) on auth.\"user\" to $app", /^auth\.user: the app role has a way to it$/],
  ["an organization's table given to everybody", "grant select on secrets to public", /^public\.secrets: the auth role has a way to it$/],
  ["truncating, which no policy holds back", "grant truncate on secrets to $app", /^public\.secrets: the app role may do what no row policy holds back$/],
  ["a view, which shows its owner's rows", "create view peek as select * from secrets; grant select on peek to $app", /^public\.peek: the app role has a way to it$/],
  ["a function that runs as its owner", "create function peek() returns bigint security definer language sql as 'select count(*) from secrets'", /^function peek\(\) runs as its owner$/],
];

describe("the check", () => {
  for (const [what, statement, named] of MISTAKES) {
    verifies("ISO5", `names ${what}`, async () => {
      const ownerRole = new URL(url).username;
      const text = statement.replaceAll("$app", pg.escapeIdentifier(names.app)).replaceAll("$auth", pg.escapeIdentifier(names.auth)).replaceAll("$owner", pg.escapeIdentifier(ownerRole));
      await owner.query("begin");
      try {
        await owner.query(text);
        expect((await readIsolation(owner, names)).problems.join("\n")).toMatch(new RegExp(named.source, "m"));
      } finally {
        await owner.query("rollback");
      }
    });
  }

  verifies("ISO5", "names roles that are not there", async () => {
    const absent = { app: roleName("nowhere", "app"), auth: roleName("nowhere", "auth") };
    expect((await readIsolation(owner, absent)).problems).toEqual(["there is no role nowhere_app", "there is no role nowhere_auth"]);
  });
});

describe("migrating", () => {
  const query = async (at: string, text: string) => {
    const client = new pg.Client({ connectionString: at });
    await client.connect();
    try {
      const results: pg.QueryResult | pg.QueryResult[] = await client.query(text);
      return [results].flat().flatMap(({ rows }) => rows as Record<string, unknown>[]);
    } finally {
      await client.end();
    }
  };

  verifies("ISO6", "a new table is held back by itself, a mistake is put right, and a second time changes nothing", async () => {
    const fresh = await createEmptyTestDatabase();
    await migrate(fresh, ROLE_PASSWORDS);
    await query(fresh, "create table added (org_id text not null, id text); alter table sessions no force row level security; grant select on secrets to public");
    expect((await isolationStatus(fresh)).problems).not.toEqual([]);
    await migrate(fresh, ROLE_PASSWORDS);
    const { problems, appTables } = await isolationStatus(fresh);
    expect({ problems, added: appTables.includes("public.added") }).toEqual({ problems: [], added: true });
    const policies = "select oid::text, xmin::text from pg_policy order by oid";
    const before = await query(fresh, policies);
    await migrate(fresh, ROLE_PASSWORDS);
    expect(await query(fresh, policies)).toEqual(before);
  });

  verifies("ISO6", "a database of a version without roles keeps its rows, each behind its organization", async () => {
    const old = await createEmptyTestDatabase();
    await migrate(old, ROLE_PASSWORDS);
    const roles = (["app", "auth"] as const).map((role) => pg.escapeIdentifier(roleName(new URL(old).pathname.slice(1), role)));
    const { appTables } = await isolationStatus(old);
    const bare = appTables.map((table) => `alter table ${quoted(table)} disable row level security, no force row level security; drop policy organization on ${quoted(table)};`);
    await query(old, `${bare.join("")} drop owned by ${roles.join(", ")}; drop role ${roles.join(", ")}`);
    await query(old, "insert into idempotent_answers values ('org_a', 'kept', '', 200, '', now())");
    expect((await isolationStatus(old)).problems).toHaveLength(2);
    await migrate(old, ROLE_PASSWORDS);
    const at = new URL(old);
    [at.username, at.password] = [roleName(at.pathname.slice(1), "app"), ROLE_PASSWORDS.app];
    expect((await isolationStatus(old)).problems).toEqual([]);
    expect(await query(at.toString(), "select key from idempotent_answers")).toEqual([]);
    expect(await query(at.toString(), "begin; set local app.org_id = 'org_a'; select key from idempotent_answers; commit")).toEqual([{ key: "kept" }]);
  });

  verifies("ISO5", "a table that belongs to no organization fails it, by name", async () => {
    const fresh = await createEmptyTestDatabase();
    await migrate(fresh, ROLE_PASSWORDS);
    await query(fresh, "create table nobodys (id text)");
    await expect(migrate(fresh, ROLE_PASSWORDS)).rejects.toMatchObject({ name: "MigrationError", message: expect.stringContaining("public.nobodys: has no column org_id") });
  });

  verifies("ISO2", "the roles log in with the passwords given last, and an absent one leaves them", async () => {
    const fresh = await createEmptyTestDatabase();
    const as = (role: "app" | "auth", password: string) => {
      const at = new URL(fresh);
      [at.username, at.password] = [roleName(at.pathname.slice(1), role), password];
      return query(at.toString(), "select current_user as name");
    };
    await migrate(fresh, ROLE_PASSWORDS);
    await migrate(fresh, { app: "example-other-password", auth: null });
    expect(await as("app", "example-other-password")).toEqual([{ name: roleName(new URL(fresh).pathname.slice(1), "app") }]);
    expect(await as("auth", ROLE_PASSWORDS.auth)).toHaveLength(1);
    await expect(as("app", ROLE_PASSWORDS.app)).rejects.toMatchObject({ code: "28P01" });
  });
});

function quoted(table: string): string {
  return table.split(".").map((part) => pg.escapeIdentifier(part)).join(".");
}
