/** For tests: one row in any table, made from the types of its columns. */
import pg from "pg";

interface Column {
  readonly name: string;
  readonly type: string;
}

const VALUES: Readonly<Record<string, string>> = {
  text: "'sample'",
  integer: "1",
  bigint: "1",
  smallint: "1",
  numeric: "1",
  "double precision": "1",
  boolean: "true",
  json: "'{}'",
  jsonb: "'{}'",
  bytea: "'\\x01'",
  uuid: "'00000000-0000-4000-8000-000000000000'",
  "text[]": "'{}'",
  "timestamp(3) with time zone": "'2026-11-20T10:11:12.345Z'",
};

/** Tables hold this one row of each organization, whatever was in them. As a superuser, so that rows need not refer to others. */
export async function fillTables(owner: pg.Client, tables: readonly string[], orgIds: readonly string[]): Promise<void> {
  await owner.query("set session_replication_role = replica");
  try {
    for (const table of tables) {
      await owner.query(`delete from ${table}`);
      for (const orgId of orgIds) await insertSample(owner, table, orgId);
    }
  } finally {
    await owner.query("reset session_replication_role");
  }
}

export async function insertSample(client: pg.Client, table: string, orgId: string): Promise<void> {
  const { rows: columns } = await client.query<Column>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''`,
    [table],
  );
  const values = columns.map(({ name, type }) => (name === "org_id" ? pg.escapeLiteral(orgId) : valueOf(table, name, type)));
  await client.query(`insert into ${table} (${columns.map(({ name }) => pg.escapeIdentifier(name)).join(", ")}) values (${values.join(", ")})`);
}

function valueOf(table: string, name: string, type: string): string {
  const value = VALUES[type];
  if (value === undefined) throw new Error(`${table}.${name}: no sample of type ${type}; add one`);
  return value;
}
