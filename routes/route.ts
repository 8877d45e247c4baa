/**
 * The one way to mount a route. It takes the policy, the schemas and the words for the documentation together, so that
 * nothing is reachable that is not guarded, validated and described.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, Handler } from "hono";
import type { z } from "zod";
import { parseForm, parseJson, readBody } from "../src/app/http/body.ts";
import type { FieldFault } from "../src/app/http/problem-error.ts";
import type { Scope } from "@berth/protocol";
import type { Access, Policy } from "../src/app/http/policy.ts";
import type { Idempotency } from "../src/app/session-handle.ts";
import type { Services } from "../src/app/services.ts";
import { invariant } from "../src/core/kernel/assert.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";
import { audited, byPrincipal, type Noted } from "./audited.ts";
import { authenticate, permit } from "./auth.ts";
import { fromZod, type LogError } from "./errors.ts";
import { once, readIdempotency, type IdempotencyMode } from "./idempotency.ts";
import { describeRoute, type RouteWords } from "./openapi-route.ts";

export interface AppEnv {
  Variables: { services: Services; log: LogError };
}
export type App = OpenAPIHono<AppEnv>;

export function createSubApp(): App {
  return new OpenAPIHono<AppEnv>();
}

type Caller<P extends Policy> = P extends "principal" | "principal:admin" ? Principal : P extends "ticket-or-principal" ? Principal | null : null;

export interface Call<P extends Policy, Q, B> {
  readonly request: Request;
  readonly url: URL;
  readonly services: Services;
  readonly principal: Caller<P>;
  readonly query: Q;
  readonly body: B;
  readonly idempotency: Idempotency | null;
  readonly log: LogError;
  /** Method and route, as the audit log names a deed. */
  readonly action: string;
  param(name: string): string;
}

/**
 * Who writes down what changes something. `route` does for principals, and for `refusals` only what was refused, since the
 * session's own log says what was done. `itself`: the handler does, once it knows whose list it belongs in.
 */
export type Audit = Noted | "itself" | { readonly exempt: string };

export interface RouteSpec<P extends Policy, Q, B> extends RouteWords {
  readonly policy: P;
  readonly scope: Scope | null;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** What is wrong besides with a body that the schema refuses, so that all of it is told at once. The handler asks the same of a body that fits. */
  readonly faults?: (body: unknown, services: Services) => readonly FieldFault[];
  /** An empty request stands for an empty object. */
  readonly bodyOptional?: boolean;
  /** The handler reads the body itself, as it comes. */
  readonly streams?: boolean;
  /** The body is what a page's form sends. */
  readonly form?: boolean;
  /** Absent: `all` for principals. Needed for all else that changes something. */
  readonly audit?: Audit;
  /** Whether its entry is on disk before the answer is given; absent: for what only administrators do. */
  readonly waits?: boolean;
  /** Needed for every POST of a principal. */
  readonly idempotency?: IdempotencyMode;
}

const MOUNTED = new WeakMap<object, Pick<MountedRoute, "access" | "audit">>();

export function route<const P extends Policy, Q = undefined, B = undefined>(
  app: App,
  spec: RouteSpec<P, Q, B>,
  handle: (call: Call<P, Q, B>) => Promise<Response> | Response,
): void {
  const ofPrincipal = spec.policy === "principal" || spec.policy === "principal:admin";
  invariant(spec.method !== "post" || !ofPrincipal || spec.idempotency !== undefined, `POST ${spec.path} says nothing on repeats`);
  const isDeed = spec.method !== "get";
  const audit: Audit | null = spec.audit ?? (isDeed && ofPrincipal ? "all" : null);
  invariant(!isDeed || audit !== null, `${spec.method} ${spec.path} does not say who writes it down`);
  const action = `${spec.method.toUpperCase()} ${spec.path}`;
  const handler: Handler<AppEnv> = async (context) => {
    const services = context.get("services");
    const request = context.req.raw;
    const log = context.get("log");
    const principal = await authenticate(spec.policy, request, services);
    if (principal !== null && services.originsNotice) services.waitUntil(services.originsNotice.tell(principal.orgId));
    const answer = async (): Promise<Response> => {
      if (principal !== null) permit(spec, principal, context.req.param("sessionId"));
      const url = new URL(request.url);
      const query = spec.query === undefined ? undefined : parseQuery(spec.query, url);
      const { value, bytes } = await readInput(spec, request, principal, services);
      const idempotency = bytes === null || spec.idempotency === undefined ? null : await readIdempotency(request, bytes, services.requestHash);
      const call = {
        request,
        url,
        services,
        principal: principal as Caller<P>,
        query: query as Q,
        body: value as B,
        idempotency,
        log,
        action,
        param: (name: string) => paramOf(context, name),
      };
      const act = async (): Promise<Response> => handle(call);
      const { idempotency: mode } = spec;
      return principal === null || mode === undefined ? act() : once(mode, services.catalog, principal.orgId, idempotency, act, () => crypto.randomUUID());
    };
    if (principal === null || (audit !== "all" && audit !== "refusals")) return answer();
    const deed = { by: byPrincipal(principal), action, target: context.req.param() as Record<string, string>, request, log };
    return audited(services, deed, { waits: spec.waits ?? spec.policy === "principal:admin", noted: audit }, answer);
  };
  MOUNTED.set(handler, { access: { policy: spec.policy, scope: spec.scope }, audit });
  describeRoute(app.openAPIRegistry, spec);
  app.on(spec.method.toUpperCase(), spec.path, handler);
}

function paramOf(context: Context<AppEnv>, name: string): string {
  const value = context.req.param(name);
  invariant(value !== undefined, `the address has no ${name}`);
  return value;
}

/** The first value of each parameter. @throws ProblemError `invalid-field` naming the parameter */
function parseQuery<Q>(schema: z.ZodType<Q>, url: URL): Q {
  const parsed = schema.safeParse(Object.fromEntries([...url.searchParams].reverse()));
  if (!parsed.success) throw fromZod(parsed.error, "query");
  return parsed.data;
}

interface Input {
  readonly value: unknown;
  /** Null where no body is read, as for a GET or a stream that is passed through. */
  readonly bytes: Uint8Array | null;
}

async function readInput(
  spec: Pick<RouteSpec<Policy, unknown, unknown>, "method" | "body" | "bodyOptional" | "policy" | "form" | "faults" | "streams">,
  request: Request,
  principal: Principal | null,
  services: Services,
): Promise<Input> {
  if (spec.body === undefined && (spec.method === "get" || principal === null || spec.streams === true)) return { value: undefined, bytes: null };
  const bytes = await readBody(request);
  if (spec.body === undefined) return { value: undefined, bytes };
  const isLeftOut = spec.bodyOptional === true && bytes.length === 0;
  const parse = spec.form === true ? parseForm : parseJson;
  const sent = isLeftOut ? {} : parse(bytes, request.headers.get("content-type"));
  const parsed = spec.body.safeParse(sent);
  if (!parsed.success) throw fromZod(parsed.error, "body", spec.faults?.(sent, services));
  return { value: parsed.data, bytes };
}

export interface MountedRoute {
  readonly method: string;
  readonly path: string;
  /** Null when it was mounted past `route`. */
  readonly access: Access | null;
  /** Null where nothing is changed. */
  readonly audit: Audit | null;
}

/** What is really mounted, from the router itself; for the gate that compares it with the table of policies. */
export function listRoutes(app: App): readonly MountedRoute[] {
  return app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path, handler }) => ({ method, path, access: null, audit: null, ...MOUNTED.get(handler) }));
}

/** Methods that a path takes, for `Allow`; empty when there is nothing at that path. */
export function methodsAt(routes: readonly MountedRoute[], pathname: string): readonly string[] {
  const found = new Set(routes.filter(({ path }) => matches(path, pathname)).map(({ method }) => method));
  if (found.has("GET")) found.add("HEAD");
  return [...found].sort();
}

function matches(pattern: string, pathname: string): boolean {
  const expected = pattern.split("/");
  const actual = pathname.split("/");
  if (expected.at(-1) === "*") {
    return actual.length >= expected.length && expected.slice(0, -1).every((step, i) => stepFits(step, actual[i]));
  }
  return actual.length === expected.length && expected.every((step, i) => stepFits(step, actual[i]));
}

function stepFits(expected: string, actual: string | undefined): boolean {
  return expected.startsWith(":") ? actual !== undefined && actual !== "" : expected === actual;
}

/** What an address says below a prefix and the step after it, as it came, with a leading slash: `/` where it ends there. */
export function pathBelow({ pathname }: URL, prefix: string): string {
  const slash = pathname.indexOf("/", prefix.length);
  return slash < 0 ? "/" : pathname.slice(slash);
}
