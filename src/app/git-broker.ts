/**
 * The use case behind `/v1/broker/git/:host/:owner/:repo/*`: a sandbox's token goes in, the repository's credential is
 * added, both directions are streamed, and a push moves only branches of the session's own. What is refused is said in
 * git's protocol, so that the person or agent who ran `git` reads it. Bodies and credentials are never logged.
 */
import { judgePush } from "../core/git/branch-prefix.ts";
import { contentTypeOf, errorLine, isGitService, pushReport, type GitService } from "../core/git/git-speech.ts";
import type { PushHead } from "../core/git/receive-pack.ts";
import { textOf, withoutSuffix } from "../core/git/repository-name.ts";
import { isPortError, type PortError } from "../core/kernel/port-error.ts";
import type { GitCall, GitRemote } from "../ports/source-control/source-control.port.ts";
import { brokerGrantOf } from "./broker-grant.ts";
import { bounded, drained, gunzipped, openPush, toSend } from "./broker-body.ts";
import { presentedToken } from "./http/presented-token.ts";
import { whyNotHad } from "./kept-value.ts";
import { remoteOf, type KnownRemote } from "./repositories.ts";
import { whyBarred, type RightsServices } from "./repository-rights.ts";
import type { Services } from "./services.ts";
import type { BrokerGrant } from "./session-handle.ts";

export type GitBrokerDeps = Pick<Services, "sessions" | "catalog" | "vault"> & RightsServices;

export interface GitTarget {
  readonly host: string;
  readonly owner: string;
  readonly repo: string;
  /** Below the repository, without a leading slash. */
  readonly step: string;
}

export interface GitBroker {
  handle(request: Request, target: GitTarget): Promise<Response>;
}

/** What a client has and wants. */
export const FETCH_BYTES_MAX = 32 * 1024 * 1024;
/** Platforms before Berth may take less. */
export const PUSH_BYTES_MAX = 1024 * 1024 * 1024;
const PROTOCOL = /^[a-z0-9=:.-]{1,100}$/;

const ENDED = "This sandbox's token is not valid any more: its session ended or has a newer sandbox.";

export function createGitBroker(deps: GitBrokerDeps): GitBroker {
  return {
    async handle(request, target) {
      const asked = askedOf(request, target.step);
      if (asked === null) return plain(403, "Berth passes on git's smart HTTP protocol only, for fetching and pushing.");
      const say = (message: string): Promise<Response> => said(request, asked, message);
      const grant = await brokerGrantOf(deps, presentedToken(request.headers));
      if (grant === null) return say(ENDED);
      const { host, owner, repo } = target;
      const name = textOf({ host, owner, repo: withoutSuffix(repo) });
      if (!grant.repositories.includes(name)) return plain(404, "This session has no such repository.");
      const remote = await remoteOf(deps, grant.orgId, name).catch(whyNotHad);
      if (remote === null) return say(`The organization has no repository ${name} any more. An admin can add it again.`);
      if (remote === "unreadable") return say(`The credential of ${name} cannot be read. An admin must add the repository again.`);
      if (remote === "unreachable") return say(`Berth cannot look up the repository ${name} right now. Try again in a moment.`);
      const barred = await whyNotAllowed(deps, grant, remote, asked, request.signal);
      if (barred !== null) return say(barred);
      return asked.service === "git-receive-pack" && asked.step === "exchange" ? push(deps, request, { asked, grant, remote }) : fetchFrom(deps, request, { asked, remote });
    },
  };
}

interface Asked {
  readonly service: GitService;
  readonly step: GitCall["step"];
  readonly protocol: string | null;
  readonly encoding: "gzip" | null;
}

/** Null for what is no call of the smart protocol. */
function askedOf({ method, headers, url }: Request, path: string): Asked | null {
  const service = path === "info/refs" ? new URL(url).searchParams.get("service") : path;
  if (!isGitService(service)) return null;
  const step = path === "info/refs" ? "advertise" : "exchange";
  if (method !== (step === "advertise" ? "GET" : "POST")) return null;
  const encoding = headers.get("content-encoding") ?? "identity";
  if (!["identity", "gzip", "x-gzip"].includes(encoding)) return null;
  const protocol = headers.get("git-protocol");
  return { service, step, protocol: protocol !== null && PROTOCOL.test(protocol) ? protocol : null, encoding: encoding === "identity" ? null : "gzip" };
}

/** Where the host is asked about people: in a turn the one whose turn it is, between turns who made the session, who then only fetches. */
async function whyNotAllowed(deps: GitBrokerDeps, { orgId, runId, makerId, soleUserId }: BrokerGrant, remote: KnownRemote, { service }: Asked, signal: AbortSignal): Promise<string | null> {
  if (remote.rights === "organization") return null;
  const pushes = service === "git-receive-pack";
  if (pushes && runId === null) return `Between turns nothing is pushed to ${remote.name}: its host is asked what the person of a turn may do.`;
  const barred = await whyBarred(deps, { orgId, remote, userId: runId === null ? makerId : soleUserId, needed: pushes ? "write" : "read", signal });
  return barred === null ? null : `${barred.message} ${barred.fix}`;
}

/** A list, or an exchange of a fetch: passed on as it is. */
async function fetchFrom(deps: GitBrokerDeps, request: Request, { asked, remote }: { readonly asked: Asked; readonly remote: GitRemote }): Promise<Response> {
  const sent = bounded(request.body, FETCH_BYTES_MAX);
  try {
    const body = request.body === null ? null : await toSend(sent, request.headers);
    return answer(asked, await deps.sourceControl.forward({ ...asked, remote, body, signal: request.signal }));
  } catch (error) {
    if (sent.exceeded) return answer(asked, errorLine(`The request is larger than the ${FETCH_BYTES_MAX >> 20} MB that the git broker takes.`));
    if (!isPortError(error)) throw error;
    return answer(asked, errorLine(sentenceOf(error, asked)));
  }
}

async function push(deps: GitBrokerDeps, request: Request, { asked, grant, remote }: { readonly asked: Asked; readonly grant: BrokerGrant; readonly remote: GitRemote }): Promise<Response> {
  const sent = bounded(plainBody(request, asked), PUSH_BYTES_MAX);
  const { read, first } = await openPush(sent);
  if (read.kind === "broken") {
    await drained(sent);
    return answer(asked, errorLine(`The push cannot be read: ${read.why}.`));
  }
  const { head } = read;
  const verdicts = judgePush(head, grant.sessionId);
  if (verdicts.some(({ refusal }) => refusal !== null)) {
    await drained(sent);
    return answer(asked, pushReport(verdicts, head.capabilities, "Berth did not pass this push on."));
  }
  try {
    const body = await toSend(sent, asked.encoding === null ? request.headers : new Headers(), first);
    return answer(asked, await deps.sourceControl.forward({ ...asked, encoding: null, remote, body, signal: request.signal }));
  } catch (error) {
    if (sent.exceeded) return answer(asked, notPushed(head, `a push may have ${PUSH_BYTES_MAX >> 20} MB, and this one is larger`));
    if (!isPortError(error)) throw error;
    return answer(asked, notPushed(head, sentenceOf(error, asked)));
  }
}

/** The message in the words that fit the step, once everything was sent. */
async function said(request: Request, asked: Asked, message: string): Promise<Response> {
  if (asked.step === "advertise") return answer(asked, errorLine(message));
  const sent = bounded(plainBody(request, asked), PUSH_BYTES_MAX);
  if (asked.service === "git-upload-pack") {
    await drained(sent);
    return answer(asked, errorLine(message));
  }
  const { read } = await openPush(sent);
  await drained(sent);
  return answer(asked, read.kind === "head" ? notPushed(read.head, message) : errorLine(message));
}

function plainBody({ body }: Request, { encoding }: Asked): ReadableStream<Uint8Array> | null {
  return body !== null && encoding === "gzip" ? gunzipped(body) : body;
}

function notPushed({ commands, capabilities }: PushHead, reason: string): Uint8Array {
  return pushReport(commands.map(({ ref }) => ({ ref, refusal: reason })), capabilities, "Berth did not pass this push on.");
}

function sentenceOf({ code, retry, message }: PortError, { service }: Asked): string {
  if (code === "permission-denied") return `${message} An admin must add the repository again, with a credential that may do this.`;
  if (code === "deadline-exceeded" && service === "git-receive-pack") return `${message} The push may have arrived all the same: fetch to see.`;
  if (typeof retry === "object") return `${message} Try again in ${Math.max(1, Math.ceil(retry.afterMs / 1_000))} s.`;
  return message;
}

const TEXT = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } as const;

function answer({ service, step }: Asked, body: ReadableStream<Uint8Array> | Uint8Array): Response {
  return new Response(body as BodyInit, { headers: { "content-type": contentTypeOf(service, step), "cache-control": "no-cache, max-age=0, must-revalidate" } });
}

/** Git prints it after `remote:`. */
function plain(status: number, message: string): Response {
  return new Response(`${message}\n`, { status, headers: TEXT });
}
