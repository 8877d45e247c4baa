/**
 * The use case behind `/v1/broker/http/:host/*`: a sandbox's token goes in, the secrets that name the host are added as the
 * headers their owners named, and both directions are streamed. Bodies, headers and values are never logged.
 */
import { classifyFetchFailure } from "../core/kernel/fetch-failure.ts";
import { mayCarrySecret } from "../core/secrets/secret-rules.ts";
import { closeness } from "../core/secrets/secret-scope.ts";
import type { SessionSecretRecord } from "../ports/catalog/catalog.port.ts";
import { brokerGrantOf, NOT_VALID } from "./broker-grant.ts";
import { bounded, toSend } from "./broker-body.ts";
import { presentedToken } from "./http/presented-token.ts";
import { refuse } from "./http/problem-error.ts";
import { leadsInside } from "../core/egress/inside-address.ts";
import { whyNotHad } from "./kept-value.ts";
import { formsOf, maskedBody, maskedText } from "./masked-body.ts";
import { originOf } from "./broker-origin.ts";
import { secretsInReach, takeSecrets } from "./secrets.ts";
import type { Services } from "./services.ts";
import type { BrokerGrant } from "./session-handle.ts";

export type HttpBrokerDeps = Pick<Services, "sessions" | "identity" | "catalog" | "vault" | "now" | "randomBytes" | "operatorOrigins" | "callOutside">;

export interface HttpTarget {
  readonly host: string;
  /** As it came, with its leading slash. */
  readonly path: string;
}

export const REQUEST_BYTES_MAX = 100 * 1024 * 1024;
const ANSWER_TIMEOUT_MS = 60_000;

/** @throws ProblemError where nothing was sent, or no answer came */
export async function passHttp(deps: HttpBrokerDeps, request: Request, { host: given, path }: HttpTarget): Promise<Response> {
  const grant = (await brokerGrantOf(deps, presentedToken(request.headers))) ?? refuse("unauthenticated", NOT_VALID);
  const host = given.toLowerCase();
  const allowed = deps.operatorOrigins ?? [];
  const origin = originOf(host, allowed);
  const injected = await secretsForHost(deps, grant, host);
  // Judged as a whole, as it will be called: what follows the host may not become part of it.
  const url = origin !== null && URL.canParse(origin + path) ? new URL(`${origin}${path}${new URL(request.url).search}`) : null;
  const isInside = origin !== null && !allowed.includes(origin) && leadsInside(new URL(origin).hostname);
  if (origin === null || url?.origin !== new URL(origin).origin || isInside || injected.length === 0) return refuse("not-found", "No secret of this session is for that host.", { fix: "An owner of a secret names its hosts with POST /v1/secrets." });

  const headers = headersToSend(request.headers);
  for (const { header } of injected) headers.delete(header);
  const values = await takeSecrets(deps, grant, injected.map(({ secret }) => secret), host).catch(unreadable);
  injected.forEach(({ header, prefix }, at) => headers.set(header, prefix + (values[at] ?? "")));
  return passedOn(await send(deps, request, url.href, headers), formsOf(values));
}

interface Injected {
  readonly secret: SessionSecretRecord;
  readonly header: string;
  readonly prefix: string;
}

/** One for each header: of several the closest. */
async function secretsForHost(deps: HttpBrokerDeps, grant: BrokerGrant, host: string): Promise<readonly Injected[]> {
  const byHeader = new Map<string, Injected>();
  for (const secret of await secretsInReach(deps, grant, grant.soleUserId)) {
    for (const { header, prefix = "", ...named } of secret.hosts) {
      const known = byHeader.get(header.toLowerCase());
      if (named.host === host && (!known || closeness(secret) > closeness(known.secret))) byHeader.set(header.toLowerCase(), { secret, header, prefix });
    }
  }
  return [...byHeader.values()];
}

/** Where a sandbox's programs put its token. */
const TOKEN_HEADERS = ["authorization", "x-api-key", "x-goog-api-key"];

function headersToSend(given: Headers): Headers {
  const headers = new Headers();
  given.forEach((value, name) => {
    // What no secret may be in is the connection's own, except what tells of the body.
    if (mayCarrySecret(name) || name === "content-type" || name === "content-encoding") headers.set(name, value);
  });
  for (const name of TOKEN_HEADERS) headers.delete(name);
  headers.set("accept-encoding", "identity");
  return headers;
}

async function send({ callOutside }: HttpBrokerDeps, request: Request, url: string, headers: Headers): Promise<Response> {
  const sent = bounded(request.body, REQUEST_BYTES_MAX);
  const body = request.body === null ? null : await toSend(sent, request.headers).catch(() => tooLarge());
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new DOMException("No answer in time.", "TimeoutError")), ANSWER_TIMEOUT_MS);
  const signal = AbortSignal.any([request.signal, deadline.signal]);
  try {
    // `duplex` is what Node wants of a body that is a stream.
    const init: RequestInit & { duplex: "half" } = { method: request.method, headers, body, signal, redirect: "manual", duplex: "half" };
    return await callOutside(url, init);
  } catch (error) {
    if (sent.exceeded) return tooLarge();
    const { says } = classifyFetchFailure(signal.aborted ? signal.reason : error);
    return refuse("upstream-failed", `${new URL(url).host} ${says}.`);
  } finally {
    // The deadline is for the first byte alone.
    clearTimeout(timer);
  }
}

/** The connection's own; and cookies, which would be of Berth's address. */
const NOT_PASSED_ON = /^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|set-cookie|content-encoding|alt-svc|strict-transport-security)$/;

/** @param secrets what the host was given: one that it says again would be in the sandbox */
function passedOn({ status, headers: given, body }: Response, secrets: readonly string[]): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  const isPlain = !given.has("content-encoding");
  given.forEach((value, name) => {
    // The platform has decompressed the body, which has another length then.
    if (!NOT_PASSED_ON.test(name) && (isPlain || name !== "content-length")) headers.set(name, maskedText(value, secrets));
  });
  return new Response([204, 205, 304].includes(status) || body === null ? null : maskedBody(body, secrets), { status, headers });
}

function tooLarge(): never {
  return refuse("body-too-large", `The body is larger than the ${REQUEST_BYTES_MAX >> 20} MB that the broker takes, or broke off.`);
}

function unreadable(error: unknown): never {
  if (whyNotHad(error) === "unreadable") return refuse("upstream-failed", "A secret for that host cannot be read.", { fix: "Its owner must remove it and keep it again." });
  return refuse("unavailable", "The secrets for that host cannot be looked up right now, or their use cannot be written down. Nothing was sent.");
}
