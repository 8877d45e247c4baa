/** Everything an instance has stored, as counts: rows of every Postgres table, of every object's tables, and blobs. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestStack } from "./stack.ts";
import { eventually } from "./waiting.ts";

export type Counts = Readonly<Record<string, number>>;

export async function countStored(stack: TestStack): Promise<Counts> {
  return { ...(await countPostgres(stack)), ...countObjects(stack), ...countBlobs(join(stack.dataDir, "worker", "blobs")) };
}

/** Until no session has anything left to carry to Postgres. Asks nothing of Postgres. */
export async function untilCarried(stack: Pick<TestStack, "dataDir">): Promise<void> {
  await eventually("an empty outbox", () => {
    const waiting = Object.entries(countObjects(stack)).filter(([name, count]) => name.endsWith(" outbox") && count > 0);
    return waiting.length === 0 ? true : JSON.stringify(waiting);
  }, 30_000);
}

/** Nothing changes any more: what a turn left was saved and carried. An idle session still has its alarm, and keeps it. */
const QUIET_MS = 2_000;

/** The same, and what is stored stays as it is. */
export async function untilQuiet(stack: Pick<TestStack, "dataDir">): Promise<void> {
  await untilCarried(stack);
  let [last, sinceMs] = ["", performance.now()];
  await eventually("counts that stay", () => {
    const now = JSON.stringify(countObjects(stack));
    if (now !== last) [last, sinceMs] = [now, performance.now()];
    return performance.now() - sinceMs > QUIET_MS || "they change";
  }, 30_000);
}

async function countPostgres({ query }: TestStack): Promise<Counts> {
  const tables = await query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1",
  );
  if (tables.length === 0) throw new Error("no table was found");
  const union = tables.map(({ name }) => `select '${name}' as name, count(*)::int as count from ${name}`).join(" union all ");
  const rows = await query<{ name: string; count: number }>(union);
  return Object.fromEntries(rows.map(({ name, count }) => [`postgres ${name}`, count]));
}

/** One file per Durable Object; `metadata.sqlite` holds the alarms of a class. Asks nothing of Postgres. */
export function countObjects({ dataDir }: Pick<TestStack, "dataDir">): Counts {
  const folder = join(dataDir, "worker");
  const counts: Record<string, number> = {};
  const classes = readdirSync(folder).filter((name) => name.startsWith("-"));
  if (!classes.includes("-SessionDO")) throw new Error(`no objects in ${folder}`);
  for (const name of classes) {
    const files = readdirSync(join(folder, name)).filter((file) => file.endsWith(".sqlite"));
    counts[`objects ${name}`] = files.length;
    for (const file of files) Object.assign(counts, countRows(join(folder, name, file), `object ${name}/${file}`));
  }
  return counts;
}

function countRows(path: string, label: string): Counts {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
    return Object.fromEntries(
      tables.map(({ name }) => [`${label} ${name}`, (database.prepare(`SELECT count(*) AS count FROM "${name}"`).get() as { count: number }).count]),
    );
  } finally {
    database.close();
  }
}

function countBlobs(folder: string): Counts {
  if (!existsSync(folder)) return { blobs: 0 };
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !/\.sqlite(-wal|-shm)?$/.test(entry.name));
  const databases = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sqlite"));
  return Object.assign({ blobs: files.length }, ...databases.map((name) => countRows(join(folder, name), `blobs ${name}`))) as Counts;
}
