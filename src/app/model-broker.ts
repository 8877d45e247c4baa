/**
 * The use case behind `/v1/broker/model/:provider/*`: a sandbox's token goes in, the provider's key is added, the answer is
 * streamed through, and what it cost is reserved before and settled after. Bodies and keys are never logged.
 */
import { isPortError } from "../core/kernel/port-error.ts";
import { FREE } from "../core/budget/price.ts";
import { UNKNOWN_MODEL, type ModelFacts } from "../core/budget/price-book.ts";
import { providersFor } from "../core/providers/own-providers.ts";
import { brokerGrantOf, NOT_VALID } from "./broker-grant.ts";
import { bounded, wholeOf } from "./broker-body.ts";
import { presentedToken } from "./http/presented-token.ts";
import { whyNotHad } from "./kept-value.ts";
import { formsOf, maskedBody } from "./masked-body.ts";
import { openCharge, type ChargeDeps } from "./model-charge.ts";
import { countedFacts, isOffered } from "./model-facts.ts";
import { REFUSAL_HEADER } from "../core/sandbox/refusal-header.ts";
import { readCall, type AskedCall } from "./model-call/read-call.ts";
import { findOperation, guessWire, wireError } from "./model-wire.ts";
import { connectionsOf, DEMO_PROVIDER, ownKeysOf } from "./providers.ts";
import type { ProviderConnection } from "../ports/catalog/catalog.port.ts";
import type { ResolvedUpstream } from "./provider-cache.ts";
import type { Services } from "./services.ts";
import type { BrokerGrant } from "./session-handle.ts";

export type ModelBrokerDeps = ChargeDeps & Pick<Services, "catalog" | "vault" | "identity" | "modelGateway" | "demoModelUrl" | "prices" | "providerCache" | "stripsProviderKeys">;

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
      if (!grant) return wireError(guessed, 401, NOT_VALID);
      if (!grant.providers.includes(provider)) return wireError(guessed, 404, `This session has no model provider named ${provider}. Choose one of its models.`);
      const upstream = await resolveUpstream(deps, grant, provider).catch(whyNotHad);
      if (upstream === "unreachable") return wireError(guessed, 503, "Berth cannot look up the provider's key right now.");
      if (upstream === "unreadable") return wireError(guessed, 401, `The key of ${provider} cannot be read. An owner must save it again.`);
      if (!upstream) return wireError(guessed, 404, `The organization has no model provider named ${provider}; an owner can add its key. A person's own is used only in their turns of a session that nobody else has worked in.`);
      return call(deps, request, { grant, upstream, path });
    },
  };
}

interface Call {
  readonly grant: BrokerGrant;
  readonly upstream: NonNullable<ResolvedUpstream>;
  readonly path: string;
}

async function call(deps: ModelBrokerDeps, request: Request, { grant, upstream, path }: Call): Promise<Response> {
  const { wire, provider } = upstream;
  const operation = findOperation(wire, request.method, path);
  if (!operation) return wireError(wire, 404, "The model broker lets only model calls through, and this is none.");
  const body = operation.method === "GET" ? null : await readBody(request);
  if (body === "too-large") return wireError(wire, 413, "The request is larger than the 32 MB that the model broker takes.");
  const asked = operation.metered && body !== null ? readCall(wire, path, body) : null;
  if (asked && "problem" in asked) return wireError(wire, 400, asked.problem);
  if (asked && provider !== DEMO_PROVIDER && !isOffered(deps.prices, upstream, asked.model)) {
    return wireError(wire, 404, `The provider ${provider} has no such model here. Choose one of those it lists; an owner can name others when adding it.`);
  }
  const charge = asked && (await charged(deps, request, { grant, upstream, asked }));
  if (charge && !charge.granted) return wireError(wire, charge.status, charge.message, charge.status === 402 && charge.mayPass ? { [REFUSAL_HEADER]: "budget" } : {});

  const { models: _, userId: __, ...target } = upstream;
  try {
    const { response, metered, unspoken = [] } = await deps.modelGateway.forward({
      upstream: target,
      method: operation.method,
      path: path + new URL(request.url).search,
      headers: request.headers,
      body,
      signal: request.signal,
    });
    if (charge) deps.waitUntil(metered.then((usage) => charge.close(response.ok ? usage : "not-applied")));
    const headers = new Headers(response.headers);
    headers.set("x-berth-upstream", provider);
    // A refusal may quote the key that was refused.
    const quoted = response.ok ? [] : formsOf([...(target.key === null ? [] : [target.key]), ...unspoken]);
    return new Response(response.body && maskedBody(response.body, quoted), { status: response.status, headers });
  } catch (error) {
    if (charge) deps.waitUntil(charge.close(isPortError(error) ? error.outcome : "unknown"));
    if (!isPortError(error)) throw error;
    if (error.code === "invalid-argument") return wireError(wire, 404, error.message);
    return wireError(wire, error.code === "deadline-exceeded" ? 504 : 502, error.message);
  }
}

async function charged(deps: ModelBrokerDeps, { headers, signal }: Request, { grant, upstream, asked }: Omit<Call, "path"> & { readonly asked: AskedCall }) {
  return openCharge(deps, { grant, signal, authorize: () => authorize(deps, headers) }, { ...asked, provider: upstream.provider, facts: await factsOf(deps, grant.orgId, upstream, asked.model) });
}

/** The demo model is free. */
async function factsOf(deps: ModelBrokerDeps, orgId: string, upstream: NonNullable<ResolvedUpstream>, model: string): Promise<ModelFacts> {
  return upstream.provider === DEMO_PROVIDER ? { ...UNKNOWN_MODEL, price: FREE } : countedFacts(deps.prices, upstream, upstream.userId === null ? [] : await connectionsOf(deps, orgId), model);
}

async function authorize(deps: ModelBrokerDeps, headers: Headers): Promise<BrokerGrant | null> {
  return brokerGrantOf(deps, presentedToken(headers));
}

/** Null when neither the person whose turn it is nor the organization has such a provider. */
async function resolveUpstream(deps: ModelBrokerDeps, { orgId, soleUserId }: BrokerGrant, provider: string): Promise<ResolvedUpstream> {
  const { demoModelUrl, providerCache, vault, now } = deps;
  if (provider === DEMO_PROVIDER) {
    return demoModelUrl === null ? null : { provider, wire: "openai-compatible", baseUrl: `${demoModelUrl}/v1`, key: null, models: [], userId: null };
  }
  const connection = await connectionOf(deps, orgId, ownKeysOf(deps, soleUserId), provider);
  if (connection === null) return null;
  const load = async (): Promise<ResolvedUpstream> => {
    const { kind, baseUrl, secretName, models, userId } = connection;
    const key = secretName === null ? null : await vault.use(orgId, secretName);
    return { provider, wire: kind === "demo" ? "openai-compatible" : kind, baseUrl, key, models, userId };
  };
  return providerCache ? providerCache.upstream(orgId, connection, now(), load) : load();
}

/** A person's own only while they are a member. */
async function connectionOf(deps: ModelBrokerDeps, orgId: string, ownerId: string | null, provider: string): Promise<ProviderConnection | null> {
  const all = await connectionsOf(deps, orgId);
  const of = (userId: string | null): ProviderConnection | null => providersFor(all, userId).find((candidate) => candidate.provider === provider) ?? null;
  const found = of(ownerId);
  if (ownerId === null || found === null || found.userId === null) return found;
  return (await deps.identity.standing(orgId, { userId: ownerId, keyId: null })) === null ? of(null) : found;
}

async function readBody(request: Request): Promise<Uint8Array | "too-large"> {
  if (Number(request.headers.get("content-length") ?? 0) > BROKER_BODY_BYTES_MAX) return "too-large";
  const body = bounded(request.body, BROKER_BODY_BYTES_MAX);
  return wholeOf(body).catch((error: unknown) => {
    if (body.exceeded) return "too-large";
    throw error;
  });
}
