/**
 * The use case behind `/v1/broker/model/:provider/*`: a sandbox's token goes in, the provider's key is added, the answer is
 * streamed through, and what it cost is reserved before and settled after. Bodies and keys are never logged.
 */
import { isPortError } from "../core/kernel/port-error.ts";
import { parseSandboxToken } from "../core/sandbox/sandbox-token.ts";
import type { ModelUpstream } from "../ports/model-gateway/model-gateway.port.ts";
import { openCharge, type ChargeDeps } from "./model-charge.ts";
import { findOperation, guessWire, wireError } from "./model-wire.ts";
import { connectionsOf, DEMO_PROVIDER } from "./providers.ts";
import type { Services } from "./services.ts";
import type { BrokerGrant } from "./session-handle.ts";

export type ModelBrokerDeps = ChargeDeps & Pick<Services, "catalog" | "vault" | "modelGateway" | "demoModelUrl" | "providerCache">;

export interface ModelBroker {
  /** @param target.path below the provider, with a leading slash and without the query */
  handle(request: Request, target: { readonly provider: string; readonly path: string }): Promise<Response>;
}

export const BROKER_BODY_BYTES_MAX = 32 * 1024 * 1024;

export function createModelBroker(deps: ModelBrokerDeps): ModelBroker {
  return {
    async handle(request, { provider, path }) {
      const guessed = guessWire(path);
      const grant = await authorize(deps, request.headers);
      if (!grant) return wireError(guessed, 401, "The sandbox's token is not valid: its session ended or has a newer sandbox.");
      if (!grant.providers.includes(provider)) return wireError(guessed, 404, `This session has no model provider named ${provider}. Choose one of its models.`);
      const upstream = await resolveUpstream(deps, grant.orgId, provider).catch(unresolved);
      if (upstream === "unreachable") return wireError(guessed, 503, "Berth cannot look up the provider's key right now.");
      if (upstream === "unreadable") return wireError(guessed, 401, `The key of ${provider} cannot be read. An owner must save it again.`);
      if (!upstream) return wireError(guessed, 404, `The organization has no model provider named ${provider}. An owner can add its key.`);
      return call(deps, request, { grant, upstream, path });
    },
  };
}

interface Call {
  readonly grant: BrokerGrant;
  readonly upstream: ModelUpstream;
  readonly path: string;
}

async function call(deps: ModelBrokerDeps, request: Request, { grant, upstream, path }: Call): Promise<Response> {
  const { wire, provider } = upstream;
  const operation = findOperation(wire, request.method, path);
  if (!operation) return wireError(wire, 404, "The model broker lets only model calls through, and this is none.");
  const body = operation.method === "GET" ? null : await readBounded(request);
  if (body === "too-large") return wireError(wire, 413, "The request is larger than the 32 MB that the model broker takes.");
  const charge = operation.metered && body !== null ? await openCharge(deps, grant, { provider, body }) : null;
  if (charge && !charge.granted) return wireError(wire, charge.status, charge.message);

  try {
    const { response, metered } = await deps.modelGateway.forward({
      upstream,
      method: operation.method,
      path: path + new URL(request.url).search,
      headers: request.headers,
      body,
      signal: request.signal,
    });
    if (charge) deps.waitUntil(metered.then((usage) => charge.close(response.ok ? usage : "not-applied")));
    const headers = new Headers(response.headers);
    headers.set("x-berth-upstream", provider);
    return new Response(response.body, { status: response.status, headers });
  } catch (error) {
    if (charge) deps.waitUntil(charge.close(isPortError(error) ? error.outcome : "unknown"));
    if (!isPortError(error)) throw error;
    if (error.code === "invalid-argument") return wireError(wire, 404, error.message);
    return wireError(wire, error.code === "deadline-exceeded" ? 504 : 502, error.message);
  }
}

async function authorize({ sessions }: ModelBrokerDeps, headers: Headers): Promise<BrokerGrant | null> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const token = bearer ?? headers.get("x-api-key") ?? headers.get("x-goog-api-key") ?? "";
  const parts = parseSandboxToken(token);
  return parts && sessions.of(parts.orgId, parts.sessionId).authorizeBroker(token);
}

/** Null when the organization has no such provider. */
async function resolveUpstream(deps: ModelBrokerDeps, orgId: string, provider: string): Promise<ModelUpstream | null> {
  const { demoModelUrl, providerCache, vault, now } = deps;
  if (provider === DEMO_PROVIDER) {
    return demoModelUrl === null ? null : { provider, wire: "openai-compatible", baseUrl: `${demoModelUrl}/v1`, key: null };
  }
  const load = async (): Promise<ModelUpstream | null> => {
    const connection = (await connectionsOf(deps, orgId)).find((candidate) => candidate.provider === provider);
    if (!connection) return null;
    const { kind, baseUrl, secretName } = connection;
    const key = secretName === null ? null : await vault.use(orgId, secretName);
    return { provider, wire: kind === "demo" ? "openai-compatible" : kind, baseUrl, key };
  };
  return providerCache ? providerCache.upstream(orgId, provider, now(), load) : load();
}

function unresolved(error: unknown): "unreachable" | "unreadable" {
  if (!isPortError(error)) throw error;
  const isBroken = error.code === "not-found" || error.code === "failed-precondition" || error.code === "internal";
  return error.port === "secret-vault" && isBroken ? "unreadable" : "unreachable";
}

async function readBounded(request: Request): Promise<Uint8Array | "too-large"> {
  if (Number(request.headers.get("content-length") ?? 0) > BROKER_BODY_BYTES_MAX) return "too-large";
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > BROKER_BODY_BYTES_MAX) {
      await reader.cancel();
      return "too-large";
    }
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}
