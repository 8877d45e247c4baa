/** Vitest global set-up of the PostgreSQL suites: one server, one migrated template that each test file copies. */
import type { TestProject } from "vitest/node";
import { migrate } from "../../../src/db/pg/migrate.ts";
import { startTestPostgres } from "./postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Any database of the server; its user may create others. */
    postgresUrl: string;
    /** Name of the migrated template. */
    postgresTemplate: string;
    /** A migrated database for the suites in workerd. */
    postgresWorkerdUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestPostgres();
  try {
    const template = await server.createDatabase();
    await migrate(template);
    project.provide("postgresUrl", server.url);
    const name = new URL(template).pathname.slice(1);
    project.provide("postgresTemplate", name);
    project.provide("postgresWorkerdUrl", await server.createDatabase(name));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return () => server.stop();
}
