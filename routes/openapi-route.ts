/** Describes one route to the OpenAPI registry, from the schemas that validate it. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { Problem } from "@berth/protocol";
import { z } from "zod";
import type { Policy } from "../src/app/http/policy.ts";
import type { IdempotencyMode } from "./idempotency.ts";

export type Tag = "Sessions" | "Events" | "Runs" | "Models" | "Repositories" | "Environments" | "Secrets" | "Budgets" | "Account" | "Organization" | "Sharing" | "Workspace" | "Machine" | "Sandbox" | "Instance";

export interface RouteWords {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** Hono's form: `/v1/sessions/:sessionId`. */
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** What success looks like. */
  readonly success: { readonly status: number; readonly schema?: z.ZodType; readonly description?: string; readonly mediaType?: string };
}

interface Described extends RouteWords {
  readonly policy: Policy;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly bodyOptional?: boolean;
  readonly form?: boolean;
  readonly idempotency?: IdempotencyMode;
}

const NamedProblem = Problem.meta({ id: "Problem" });

const SECURITY: Readonly<Record<Policy, Record<string, string[]>[]>> = {
  public: [],
  principal: [{ apiKey: [] }, { signIn: [] }],
  "principal:admin": [{ apiKey: [] }, { signIn: [] }],
  "link-token": [{ linkToken: [] }],
  person: [{ signIn: [] }],
  "sandbox-token": [{ sandboxToken: [] }],
  operator: [{ operatorToken: [] }],
  "workspace-ticket": [{ ticket: [] }],
  "ticket-or-principal": [{ ticket: [] }, { apiKey: [] }, { signIn: [] }],
};

const REPEATS: Readonly<Record<IdempotencyMode, string>> = {
  stored: "Under an `Idempotency-Key` a repeat with the same body answers what the first did, for 24 hours.",
  session: "Under an `Idempotency-Key` a repeat with the same body answers the first message, for 24 hours, over WebSocket too.",
  claimed: "Under an `Idempotency-Key` a repeat is refused with 409, since the secret is shown once and not kept.",
  natural: "A repeat does no harm; `Idempotency-Key` is taken and changes nothing.",
};

export function describeRoute(registry: OpenAPIHono["openAPIRegistry"], spec: Described): void {
  const names = [...spec.path.matchAll(/:([A-Za-z]+)/g)].map((match) => match[1] ?? "");
  const path = spec.path.replaceAll(/:([A-Za-z]+)/g, "{$1}").replace(/\*$/, "{path}");
  if (path.endsWith("{path}")) names.push("path");
  const params = names.length === 0 ? {} : { params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) };
  const query = spec.query instanceof z.ZodObject ? { query: spec.query } : {};
  const body = spec.body === undefined ? {} : { body: { required: spec.bodyOptional !== true, content: { [spec.form === true ? "application/x-www-form-urlencoded" : "application/json"]: { schema: spec.body } } } };
  const headers = spec.idempotency === undefined ? {} : { headers: z.object({ "Idempotency-Key": z.string().min(1).max(255).optional() }) };
  const words = [spec.description, spec.idempotency === undefined ? undefined : REPEATS[spec.idempotency]].filter(Boolean).join("\n\n");
  registry.registerPath({
    method: spec.method,
    path,
    tags: [spec.tag],
    operationId: operationId(spec),
    summary: spec.summary,
    ...(words === "" ? {} : { description: words }),
    security: SECURITY[spec.policy],
    request: { ...params, ...query, ...body, ...headers },
    responses: {
      [spec.success.status]: successOf(spec),
      default: { description: "A problem (RFC 9457)", content: { "application/problem+json": { schema: NamedProblem } } },
    },
  });
}

function successOf({ success, summary }: RouteWords) {
  const description = success.description ?? summary;
  if (success.schema === undefined) return { description };
  return { description, content: { [success.mediaType ?? "application/json"]: { schema: success.schema } } };
}

function operationId({ method, path }: RouteWords): string {
  const words = path.split("/").filter((step) => step !== "" && step !== "v1" && step !== "*");
  const named = words.map((step) => step.replace(/^:/, "by-").replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase()));
  return method + named.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
