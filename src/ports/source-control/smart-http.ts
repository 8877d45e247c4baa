/**
 * Git's smart HTTP protocol over whatever carries a call: what is asked, what counts as an answer, and what a refusal
 * means. Every implementation of the port is this over a way to send.
 */
import { contentTypeOf } from "../../core/git/git-speech.ts";
import { retryAfterMs, type Verdict } from "../../core/kernel/fetch-failure.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import { readAdvertisement } from "./advertisement.ts";
import type { BasicCredential, GitCall, GitRemote, RemoteRepository, SourceControl } from "./source-control.port.ts";

export interface HttpCall {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Headers;
  readonly body: GitCall["body"];
  readonly signal: AbortSignal;
}

export type Operation = "inspect" | "forward" | "rightOf";

export interface SmartHttp {
  /** Follows no redirect. @throws PortError when no answer came */
  send(call: HttpCall, of: { readonly operation: Operation; readonly step: GitCall["step"] }): Promise<Response>;
}

/** Some hosts speak git only to what calls itself git. */
const USER_AGENT = "git/2 (Berth)";
const REDIRECTS_MAX = 3;

export function sourceControlOver({ send }: SmartHttp): Pick<SourceControl, "inspect" | "forward"> {
  async function ask(call: GitCall, operation: Operation): Promise<ReadableStream<Uint8Array>> {
    const response = await send(requestOf(call), { operation, step: call.step });
    const problem = problemOf(response, call);
    if (problem === null) return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
    await response.body?.cancel().catch(() => undefined);
    throw failure(operation, call.remote, problem, problem.cause);
  }

  /** Where the host sends on to, as long as that is the same host. */
  async function settle(remote: GitRemote, signal: AbortSignal): Promise<{ readonly remote: GitRemote; readonly body: ReadableStream<Uint8Array> }> {
    for (let at = remote, hops = 0; ; hops++) {
      try {
        return { remote: at, body: await ask(advertise(at, "git-upload-pack", signal), "inspect") };
      } catch (error) {
        const next = error instanceof PortError ? sentOnTo(error, at) : null;
        if (next === null || hops === REDIRECTS_MAX) throw error;
        at = { ...at, url: next };
      }
    }
  }

  async function inspect(given: GitRemote, signal: AbortSignal): Promise<RemoteRepository> {
    const { remote, body } = await settle(given, signal);
    const listed = await readAdvertisement(body).catch((error: unknown) => {
      throw failure("inspect", remote, { code: "unknown", outcome: "not-applied", retry: { afterMs: 1_000 }, says: "broke off its answer" }, error);
    });
    if (listed === null) throw failure("inspect", remote, NOT_GIT);
    const canPush = await ask(advertise(remote, "git-receive-pack", signal), "inspect").then(
      async (answer) => answer.cancel().then(() => true, () => true),
      (error: unknown) => {
        if (error instanceof PortError && ["permission-denied", "not-found", "failed-precondition"].includes(error.code)) return false;
        throw error;
      },
    );
    return { url: remote.url, defaultBranch: listed.defaultBranch, canPush };
  }

  return { inspect, forward: (call) => ask(call, "forward") };
}

function advertise(remote: GitRemote, service: GitCall["service"], signal: AbortSignal): GitCall {
  return { remote, service, step: "advertise", protocol: null, encoding: null, body: null, signal };
}

function requestOf({ remote, service, step, protocol, encoding, body, signal }: GitCall): HttpCall {
  const headers = new Headers({ "user-agent": USER_AGENT, "accept-encoding": "identity" });
  if (remote.credential !== null) headers.set("authorization", basic(remote.credential));
  if (protocol !== null) headers.set("git-protocol", protocol);
  if (step === "advertise") return { url: `${remote.url}/info/refs?service=${service}`, method: "GET", headers, body: null, signal };
  headers.set("content-type", `application/x-${service}-request`);
  headers.set("accept", contentTypeOf(service, step));
  if (encoding !== null) headers.set("content-encoding", encoding);
  return { url: `${remote.url}/${service}`, method: "POST", headers, body, signal };
}

function basic({ username, password }: BasicCredential): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${username}:${password}`)))}`;
}

interface Problem extends Verdict {
  readonly cause?: unknown;
}

const NOT_GIT: Problem = { code: "failed-precondition", outcome: "not-applied", retry: "never", says: "answered, but not as a git server of the smart protocol does; check the address" };

/** Null for an answer in git's own protocol. */
function problemOf(response: Response, { service, step, remote }: GitCall): Problem | null {
  const { status, headers } = response;
  const outcome = "not-applied";
  if (status === 200) {
    const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
    return type === contentTypeOf(service, step) ? null : NOT_GIT;
  }
  if (status >= 300 && status < 400) return { code: "failed-precondition", outcome, retry: "never", ...movedTo(headers.get("location"), remote) };
  if (status === 401 || status === 403) return { code: "permission-denied", outcome, retry: "never", says: remote.credential === null ? "asks for a credential" : "refused the credential" };
  if (status === 404 || status === 410) return { code: "not-found", outcome, retry: "never", says: "has no such repository, or hides it" };
  if (status === 429) return { code: "resource-exhausted", outcome, retry: { afterMs: retryAfterMs(headers.get("retry-after")) }, says: "limits the rate of requests right now" };
  if (status === 413) return { code: "resource-exhausted", outcome, retry: "never", says: "takes no request as large as this one" };
  // A push may have been applied before the host failed.
  if (status >= 500) return { code: "unknown", outcome: service === "git-receive-pack" && step === "exchange" ? "unknown" : outcome, retry: { afterMs: 1_000 }, says: `failed with status ${status}` };
  return { code: "failed-precondition", outcome, retry: "never", says: `answered with status ${status}` };
}

/** Rides in the error, so that only `inspect` follows it. */
class Elsewhere {
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
}

function movedTo(location: string | null, remote: GitRemote): Pick<Problem, "says" | "cause"> {
  const target = location === null ? null : locate(location, remote.url);
  if (target === null) return { says: "sends on to an address that cannot be read" };
  const { origin, pathname } = target;
  return { says: `says that the repository moved to ${origin}${pathname.replace(/\/info\/refs$/, "")}; it must be added by that address`, cause: new Elsewhere(target.href) };
}

function sentOnTo({ cause }: PortError, remote: GitRemote): string | null {
  if (!(cause instanceof Elsewhere)) return null;
  const { origin, pathname } = new URL(cause.url);
  return origin === new URL(remote.url).origin && pathname.endsWith("/info/refs") ? `${origin}${pathname.slice(0, -"/info/refs".length)}` : null;
}

function locate(location: string, base: string): URL | null {
  try {
    return new URL(location, `${base}/info/`);
  } catch {
    return null;
  }
}

function failure(operation: Operation, { url }: Pick<GitRemote, "url">, { code, outcome, retry, says }: Problem, cause?: unknown): PortError {
  return new PortError({ port: "source-control", operation, code, outcome, retry, cause, message: `${new URL(url).host} ${says}.` });
}

