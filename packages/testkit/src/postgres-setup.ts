/** Vitest global set-up of the PostgreSQL suites: one server, one migrated template that each test file copies. */
import type { TestProject } from "vitest/node";
import { migrate } from "../../../src/db/pg/migrate.ts";
import { roleUrl } from "../../../src/db/pg/roles.ts";
import { ROLE_PASSWORDS, startTestPostgres } from "./postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Any database of the server; its user may create others. */
    postgresUrl: string;
    /** Name of the migrated template. */
    postgresTemplate: string;
    /** The template as each of its roles, which are those of its copies too. */
    postgresAppUrl: string;
    postgresAuthUrl: string;
    /** A migrated database for the suites in workerd, as each of its roles. */
    postgresWorkerdUrls: { readonly app: string; readonly auth: string };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestPostgres();
  try {
    const template = await server.createDatabase();
    await migrate(template, ROLE_PASSWORDS);
    project.provide("postgresUrl", server.url);
    const name = new URL(template).pathname.slice(1);
    project.provide("postgresTemplate", name);
    const roles = { app: roleUrl(template, "app", ROLE_PASSWORDS.app), auth: roleUrl(template, "auth", ROLE_PASSWORDS.auth) };
    project.provide("postgresAppUrl", roles.app);
    project.provide("postgresAuthUrl", roles.auth);
    const { pathname } = new URL(await server.createDatabase(name));
    const there = (url: string): string => Object.assign(new URL(url), { pathname }).toString();
    project.provide("postgresWorkerdUrls", { app: there(roles.app), auth: there(roles.auth) });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return () => server.stop();
}
