/**
 * What keeps organizations apart in the database itself, read back from `pg_catalog`. Rules are in SPEC.md beside this
 * file. A table of schema `public` is an organization's, one of schema `auth` is identity's; there are no others.
 */
import type pg from "pg";
import { ORG_SETTING } from "./organization.ts";
import type { DatabaseRole } from "./roles.ts";

export type RoleNames = Readonly<Record<DatabaseRole, string>>;

export interface IsolationReport {
  /** Tables of organizations. */
  readonly appTables: readonly string[];
  readonly authTables: readonly string[];
  /** Of the former those that name no organization, which no policy can hold back. */
  readonly withoutOrg: readonly string[];
  /** In sentences; empty when everything is as it must be. */
  readonly problems: readonly string[];
}

export const POLICY = "organization";
export const POLICY_EXPRESSION = `org_id = nullif(current_setting('${ORG_SETTING}', true), '')`;
/** The same as the server writes it back. */
const POLICY_AS_STORED = `(org_id = NULLIF(current_setting('${ORG_SETTING}'::text, true), ''::text))`;

interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly hasOrg: boolean;
  readonly enabled: boolean;
  readonly forced: boolean;
  /** The app role owns it, or is a member of the role that does. */
  readonly appOwns: boolean;
  readonly policies: readonly { readonly name: string; readonly plain: boolean; readonly using: string | null; readonly check: string | null }[];
  readonly app: Privileges;
  readonly auth: Privileges;
}

interface Privileges {
  /** All four of select, insert, update and delete. */
  readonly works: boolean;
  /** Any at all, also on a single column. */
  readonly any: boolean;
  /** What row policies do not hold back. */
  readonly beyond: boolean;
}

const PRIVILEGES = (role: string): string => `jsonb_build_object(
  'works', has_table_privilege(${role}, c.oid, 'select') and has_table_privilege(${role}, c.oid, 'insert')
       and has_table_privilege(${role}, c.oid, 'update') and has_table_privilege(${role}, c.oid, 'delete'),
  'any', has_table_privilege(${role}, c.oid, 'delete, truncate, trigger')
      or has_any_column_privilege(${role}, c.oid, 'select, insert, update, references'),
  'beyond', has_table_privilege(${role}, c.oid, 'truncate, trigger')
      or has_any_column_privilege(${role}, c.oid, 'references'))`;

/** Everything that holds rows, except what the server and extensions keep. */
const RELATIONS = `
  select n.nspname as schema, c.relname as name, c.relkind::text as kind,
         c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
         pg_has_role($1, c.relowner, 'member') as "appOwns",
         exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and a.attnotnull and not a.attisdropped) as "hasOrg",
         coalesce((select jsonb_agg(jsonb_build_object(
             'name', p.polname, 'plain', p.polcmd = '*' and p.polpermissive and p.polroles = '{0}',
             'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)))
           from pg_policy p where p.polrelid = c.oid), '[]') as policies,
         ${PRIVILEGES("$1")} as app, ${PRIVILEGES("$2")} as auth
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
     and n.nspname not like 'pg\\_temp%' and n.nspname not like 'pg\\_toast%'
     and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
   order by 1, 2`;

/** Functions that run as their owner see what their caller may not. */
const DEFINERS = `
  select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
     and (has_function_privilege($1, p.oid, 'execute') or has_function_privilege($2, p.oid, 'execute'))
     and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`;

const OVERREACH = `
  select rolname as name from pg_roles
   where rolname = any($1) and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`;

export async function readIsolation(client: pg.Client, names: RoleNames): Promise<IsolationReport> {
  const roles = [names.app, names.auth];
  const known = await client.query<{ name: string }>("select rolname as name from pg_roles where rolname = any($1)", [roles]);
  const missing = roles.filter((role) => !known.rows.some(({ name }) => name === role));
  if (missing.length > 0) return { appTables: [], authTables: [], withoutOrg: [], problems: missing.map((role) => `there is no role ${role}`) };

  const { rows: relations } = await client.query<Relation>(RELATIONS, roles);
  const overreach = await client.query<{ name: string }>(OVERREACH, [roles]);
  const definers = await client.query<{ name: string }>(DEFINERS, roles);
  const joined = await client.query<{ joined: boolean }>("select pg_has_role($1, $2, 'member') or pg_has_role($2, $1, 'member') as joined", roles);
  const tables = (schema: string): Relation[] => relations.filter((each) => each.schema === schema && isTable(each));
  return {
    appTables: tables("public").map(nameOf),
    authTables: tables("auth").map(nameOf),
    withoutOrg: tables("public").filter(({ hasOrg }) => !hasOrg).map(nameOf),
    problems: [
      ...overreach.rows.map(({ name }) => `role ${name} may do more than log in`),
      ...(joined.rows[0]?.joined ? [`of ${names.app} and ${names.auth} one is a member of the other`] : []),
      ...definers.rows.map(({ name }) => `function ${name} runs as its owner`),
      ...relations.flatMap(relationProblems),
    ],
  };
}

function relationProblems(relation: Relation): readonly string[] {
  const name = nameOf(relation);
  const { schema, app, auth } = relation;
  if (schema === "public" && isTable(relation)) return appTableProblems(relation);
  if (schema === "auth" && isTable(relation)) {
    return [
      ...(app.any || relation.appOwns ? [`${name}: the app role has a way to it`] : []),
      ...(auth.works ? [] : [`${name}: the auth role cannot work with it`]),
    ];
  }
  // A view shows its owner's rows, and what is in another schema is nobody's.
  return [...(app.any ? [`${name}: the app role has a way to it`] : []), ...(auth.any ? [`${name}: the auth role has a way to it`] : [])];
}

function appTableProblems(relation: Relation): readonly string[] {
  const name = nameOf(relation);
  const { hasOrg, enabled, forced, appOwns, policies, app, auth } = relation;
  const exact = policies.length === 1 && policies.every((each) => each.name === POLICY && each.plain && each.using === POLICY_AS_STORED && each.check === POLICY_AS_STORED);
  return [
    ...(hasOrg ? [] : [`${name}: has no column org_id that is never null`]),
    ...(enabled && forced ? [] : [`${name}: row security is not enabled and forced`]),
    ...(exact ? [] : [`${name}: its policies are not the one that compares org_id (${policies.map((each) => each.name).join(", ") || "none"})`]),
    ...(appOwns ? [`${name}: the app role is its owner`] : []),
    ...(app.works ? [] : [`${name}: the app role cannot work with it`]),
    ...(app.beyond ? [`${name}: the app role may do what no row policy holds back`] : []),
    ...(auth.any ? [`${name}: the auth role has a way to it`] : []),
  ];
}

const isTable = ({ kind }: Relation): boolean => kind === "r" || kind === "p";
const nameOf = ({ schema, name }: Pick<Relation, "schema" | "name">): string => `${schema}.${name}`;
