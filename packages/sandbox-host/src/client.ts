/**
 * A signed call to a sandbox host, from Node or from a Worker. Says of every failure whether the request may have had its
 * effect: refused connections had none, anything later may have.
 */
import { PORT_ERROR_CODES, PortError, type PortErrorInit, type Retry } from "../../../src/core/kernel/port-error.ts";
import { sha256Hex, sign, SIGNATURE_HEADERS, toHex } from "./signature.ts";

export interface HostClientDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Without trailing slash. */
  readonly baseUrl: string;
  readonly secret: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** `none` changes nothing; `repeatable` may be sent again, since ids make it idempotent; `once` may not. */
export type Effect = "none" | "repeatable" | "once";

export interface HostCall {
  readonly port: string;
  readonly operation: string;
  readonly effect: Effect;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** From the root, encoded, with its query. */
  readonly path: string;
  readonly body?: Uint8Array;
  readonly timeoutMs: number;
}

interface Answer {
  readonly isJson: boolean;
  readonly bytes: Uint8Array;
}

const UNSENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/** Node puts the system's code on the cause. A Worker tells a refused connection from a cut one in no way. */
function neverSent(raw: unknown): boolean {
  const { cause } = (raw ?? {}) as { cause?: { code?: unknown } };
  return UNSENT.has(String(cause?.code));
}

function wentOut(raw: unknown): boolean {
  const name = (raw as { name?: unknown } | null)?.name;
  return name === "TimeoutError" || name === "AbortError";
}

/** What a failed `fetch` means. */
export function classifyTransport(raw: unknown, { port, operation, effect }: Pick<HostCall, "port" | "operation" | "effect">): PortError {
  const base = { port, operation, cause: raw } as const;
  const fix = "See that the sandbox host runs and that SANDBOX_HOST_URL names it.";
  if (neverSent(raw)) {
    return new PortError({ ...base, code: "deadline-exceeded", outcome: "not-applied", retry: "same-request", message: "The sandbox host cannot be reached.", fix });
  }
  const outcome = effect === "none" ? "not-applied" : "unknown";
  const retry: Retry = effect === "once" ? "never" : "same-request";
  if (wentOut(raw)) return new PortError({ ...base, code: "deadline-exceeded", outcome, retry, message: "The sandbox host did not answer in time." });
  return new PortError({ ...base, code: "unknown", outcome, retry, message: "The sandbox host was not reached, or its answer was cut.", fix });
}

function isWire(value: unknown): value is PortErrorInit {
  if (typeof value !== "object" || value === null) return false;
  const { port, code, message } = value as Partial<PortErrorInit>;
  return typeof port === "string" && typeof message === "string" && PORT_ERROR_CODES.some((known) => known === code);
}

/** What an answer other than 200 means: the host's own error, or something between that spoke instead. */
export function classifyAnswer(status: number, body: unknown, call: Pick<HostCall, "port" | "operation" | "effect">): PortError {
  const wire = (body as { error?: unknown } | null)?.error;
  const { port, operation, effect } = call;
  if (isWire(wire)) return new PortError({ ...wire, port, operation });
  const outcome = effect === "none" ? "not-applied" : "unknown";
  return new PortError({ port, operation, code: "unknown", outcome, retry: "never", message: `The sandbox host's address answered ${status}, which no sandbox host does.` });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

export class HostClient {
  readonly #deps: HostClientDeps;

  constructor(deps: HostClientDeps) {
    this.#deps = deps;
  }

  /** @throws PortError */
  async json(call: HostCall): Promise<unknown> {
    const { bytes } = await this.#send(call);
    const value = parseJson(bytes);
    if (value === undefined) throw classifyAnswer(200, null, call);
    return value;
  }

  /** Null when the host answers JSON's null instead of bytes. @throws PortError */
  async bytes(call: HostCall): Promise<Uint8Array | null> {
    const { isJson, bytes } = await this.#send(call);
    return isJson ? null : bytes;
  }

  async #send(call: HostCall): Promise<Answer> {
    const { fetch, baseUrl, secret, now, randomBytes } = this.#deps;
    const url = new URL(`${baseUrl}${call.path}`);
    const body = call.body ?? new Uint8Array();
    const parts = {
      method: call.method,
      path: url.pathname,
      query: url.search,
      bodyHash: await sha256Hex(body),
      timeMs: String(now()),
      nonce: toHex(randomBytes(16)),
    };
    const headers = {
      [SIGNATURE_HEADERS.timeMs]: parts.timeMs,
      [SIGNATURE_HEADERS.nonce]: parts.nonce,
      [SIGNATURE_HEADERS.bodyHash]: parts.bodyHash,
      [SIGNATURE_HEADERS.signature]: await sign(secret, parts),
    };
    const init: RequestInit = { method: call.method, headers, redirect: "manual", signal: AbortSignal.timeout(call.timeoutMs) };
    if (call.body) init.body = new Uint8Array(body);
    let answer: Answer & { readonly status: number };
    try {
      const response = await fetch(url.href, init);
      const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
      answer = { status: response.status, isJson, bytes: new Uint8Array(await response.arrayBuffer()) };
    } catch (raw) {
      throw classifyTransport(raw, call);
    }
    if (answer.status !== 200) throw classifyAnswer(answer.status, parseJson(answer.bytes), call);
    return answer;
  }
}
