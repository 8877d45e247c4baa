/**
 * The one way to mount a route. It takes the policy, the schemas and the words for the documentation together, so that
 * nothing is reachable that is not guarded, validated and described.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, Handler } from "hono";
import type { z } from "zod";
import { parseJson, readBody } from "../src/app/http/body.ts";
import type { Access, Policy, Scope } from "../src/app/http/policy.ts";
import type { Idempotency } from "../src/app/session-handle.ts";
import type { Services } from "../src/app/services.ts";
import { invariant } from "../src/core/kernel/assert.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";
import { authorize } from "./auth.ts";
import { fromZod } from "./errors.ts";
import { once, readIdempotency, type IdempotencyMode } from "./idempotency.ts";
import { describeRoute, type RouteWords } from "./openapi-route.ts";

export interface AppEnv {
  Variables: { services: Services };
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
  param(name: string): string;
}

export interface RouteSpec<P extends Policy, Q, B> extends RouteWords {
  readonly policy: P;
  readonly scope: Scope | null;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** An empty request stands for an empty object. */
  readonly bodyOptional?: boolean;
  /** Needed for every POST of a principal. */
  readonly idempotency?: IdempotencyMode;
}

const ACCESS = new WeakMap<object, Access>();

export function route<const P extends Policy, Q = undefined, B = undefined>(
  app: App,
  spec: RouteSpec<P, Q, B>,
  handle: (call: Call<P, Q, B>) => Promise<Response> | Response,
): void {
  const ofPrincipal = spec.policy === "principal" || spec.policy === "principal:admin";
  invariant(spec.method !== "post" || !ofPrincipal || spec.idempotency !== undefined, `POST ${spec.path} says nothing on repeats`);
  const handler: Handler<AppEnv> = async (context) => {
    const services = context.get("services");
    const request = context.req.raw;
    const principal = await authorize(spec, request, services);
    const url = new URL(request.url);
    const query = spec.query === undefined ? undefined : parseQuery(spec.query, url);
    const { value, bytes } = await readInput(spec, request, principal);
    const idempotency = bytes === null || spec.idempotency === undefined ? null : await readIdempotency(request, bytes);
    const call = {
      request,
      url,
      services,
      principal: principal as Caller<P>,
      query: query as Q,
      body: value as B,
      idempotency,
      param: (name: string) => paramOf(context, name),
    };
    const act = async (): Promise<Response> => handle(call);
    if (principal === null || spec.idempotency === undefined) return act();
    return once(spec.idempotency, services.catalog, principal.orgId, idempotency, act, () => crypto.randomUUID());
  };
  ACCESS.set(handler, { policy: spec.policy, scope: spec.scope });
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
  spec: Pick<RouteSpec<Policy, unknown, unknown>, "method" | "body" | "bodyOptional" | "policy">,
  request: Request,
  principal: Principal | null,
): Promise<Input> {
  if (spec.body === undefined && (spec.method === "get" || principal === null)) return { value: undefined, bytes: null };
  const bytes = await readBody(request);
  if (spec.body === undefined) return { value: undefined, bytes };
  const isLeftOut = spec.bodyOptional === true && bytes.length === 0;
  const parsed = spec.body.safeParse(isLeftOut ? {} : parseJson(bytes, request.headers.get("content-type")));
  if (!parsed.success) throw fromZod(parsed.error, "body");
  return { value: parsed.data, bytes };
}

export interface MountedRoute {
  readonly method: string;
  readonly path: string;
  /** Null when it was mounted past `route`. */
  readonly access: Access | null;
}

/** What is really mounted, from the router itself; for the gate that compares it with the table of policies. */
export function listRoutes(app: App): readonly MountedRoute[] {
  return app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path, handler }) => ({ method, path, access: ACCESS.get(handler) ?? null }));
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
