/**
 * A sandbox's way to hosts beyond the control plane: a proxy behind its one socket. Programs ask it for a tunnel
 * (`CONNECT host:port`) or for a page by its whole address; what the operator allowed is connected to, at an address that
 * was judged first. What passes through is neither read nor kept.
 */
import { request as requestHttp, STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import { pipeline } from "node:stream";
import { joinSockets } from "@berth/sandbox-runtime/join-sockets";
import { allows, entryFor, entryText, readTarget, type Allowlist, type Target } from "../../../core/egress/allowlist.ts";
import { withoutHop } from "./hop.ts";
import { addressesOf, isOutside, resolveHost, type FindAddresses } from "./outside.ts";

export interface EgressOptions {
  readonly allowlist: Allowlist;
  /** One structured line. */
  readonly log: (entry: { readonly event: string; readonly [field: string]: unknown }) => void;
  /** Absent: by the machine's name servers. */
  readonly resolve?: FindAddresses;
  /** Absent: what lies outside of the machine and its networks. */
  readonly mayConnect?: (address: string) => boolean;
  readonly connectionsMax?: number;
  readonly idleMs?: number;
}

/** A package manager opens some dozens. */
const CONNECTIONS_MAX = 128;
const IDLE_MS = 5 * 60_000;
const CONNECT_MS = 10_000;
/** Until the next address of a host is tried beside the one before. */
const ATTEMPT_MS = 1_000;
const LOGGED_HOSTS_MAX = 100;
const REASON_CHARACTERS_MAX = 200;
const STATUS_MIN = 200;
const STATUS_MAX = 999;

interface No {
  readonly status: 400 | 403 | 502 | 503;
  readonly text: string;
}
interface Way {
  readonly target: Target;
  readonly to: { readonly host: string; readonly port: number; readonly lookup: LookupFunction; readonly autoSelectFamily: true; readonly autoSelectFamilyAttemptTimeout: number };
}

export class Egress {
  readonly #options: EgressOptions;
  readonly #sandboxId: string;
  readonly #idleMs: number;
  readonly #logged = new Set<string>();
  #refusals = 0;
  #open = 0;

  constructor(options: EgressOptions, sandboxId: string) {
    this.#options = options;
    this.#sandboxId = sandboxId;
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  /** What it lets through, as the operator writes it. */
  get allowed(): readonly string[] {
    return this.#options.allowlist.map(entryText);
  }

  /** A tunnel, as for https. */
  async tunnel({ url = "", socket: inner }: IncomingMessage, head: Buffer): Promise<void> {
    inner.on("error", () => undefined);
    const way = await this.#wayTo(/:\d+$/.test(url) ? readTarget(url) : null, inner);
    if (inner.destroyed) return;
    if ("status" in way) return end(inner, way);
    const outer = connect({ ...way.to, allowHalfOpen: true });
    const giveUp = (): void => void outer.destroy();
    inner.once("close", giveUp);
    outer.setTimeout(CONNECT_MS, () => outer.destroy(new Error("It takes too long.")));
    const failed = (): void => end(inner, unreachable(way.target));
    outer.once("error", failed);
    outer.once("connect", () => {
      outer.off("error", failed).setTimeout(0);
      inner.off("close", giveUp).setTimeout(this.#idleMs, () => inner.destroy());
      inner.write("HTTP/1.1 200 Connection established\r\n\r\n");
      outer.write(head);
      joinSockets(inner, outer);
    });
  }

  /** A page by its whole address, as for http. */
  async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? "");
    const way = await this.#wayTo(url?.protocol === "http:" ? readTarget(url.host) : null, response);
    if (response.destroyed) return;
    if (url === null || "status" in way) return refuse(response, "status" in way ? way : UNREADABLE);
    const headers = { ...withoutHop(request.headers), host: url.host };
    const outgoing = requestHttp({ ...way.to, agent: false, method: request.method, path: `${url.pathname}${url.search}`, headers, timeout: CONNECT_MS });
    outgoing.once("socket", (socket) => socket.once("connect", () => socket.setTimeout(this.#idleMs)));
    outgoing.once("timeout", () => outgoing.destroy());
    outgoing.once("response", (answer) => {
      const { statusCode: status = 0 } = answer;
      // What no answer may be would be thrown back at this program.
      if (status < STATUS_MIN || status > STATUS_MAX) return void outgoing.destroy(new Error("It is no answer."));
      response.writeHead(status, answer.statusMessage, withoutHop(answer.headers));
      pipeline(answer, response, () => undefined);
    });
    outgoing.once("error", () => {
      if (response.headersSent) response.destroy();
      else refuse(response, unreachable(way.target));
    });
    response.once("close", () => outgoing.destroy());
    pipeline(request, outgoing, () => undefined);
  }

  /** The sandbox is over. */
  close(): void {
    if (this.#refusals > 0) this.#options.log({ event: "egress-ended", sandbox: this.#sandboxId, refusals: this.#refusals });
  }

  /** One that waits for the address of its host counts too. */
  async #wayTo(target: Target | null, connection: Socket | ServerResponse): Promise<Way | No> {
    const max = this.#options.connectionsMax ?? CONNECTIONS_MAX;
    if (this.#open >= max) return { status: 503, text: `This sandbox has ${max} connections open, as many as it may.` };
    this.#open += 1;
    connection.once("close", () => (this.#open -= 1));
    if (target === null) return UNREADABLE;
    const way = await this.#judged(target);
    if ("status" in way && way.status === 403) this.#count(target, way);
    return way;
  }

  async #judged(target: Target): Promise<Way | No> {
    const { allowlist, resolve = resolveHost, mayConnect = (address) => isOutside(address) } = this.#options;
    const { port } = target;
    if (!allows(allowlist, target)) return notAllowed(target);
    const host = target.host.replace(/^\[(.*)\]$/, "$1");
    const addresses = await addressesOf(host, resolve).catch(() => []);
    if (addresses.length === 0) return unreachable(target);
    const judged = addresses.filter(mayConnect);
    if (judged.length === 0) return { status: 403, text: `${shown(target)} leads inside the machine of this sandbox or a private network, where no sandbox connects to.` };
    return { target, to: { host, port, lookup: only(judged), autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ATTEMPT_MS } };
  }

  #count(target: Target, { text }: No): void {
    this.#refusals += 1;
    const host = shown(target);
    if (this.#logged.has(host) || this.#logged.size >= LOGGED_HOSTS_MAX) return;
    this.#logged.add(host);
    this.#options.log({ event: "egress-refused", sandbox: this.#sandboxId, host, reason: text });
  }
}

const UNREADABLE: No = { status: 400, text: "The proxy takes CONNECT host:port, or a whole address that begins with http://." };

function notAllowed(target: Target): No {
  return { status: 403, text: `${shown(target)} is not on this instance's list of hosts. Whoever runs it can allow it: SANDBOX_EGRESS=default,${entryFor(target)}` };
}

function unreachable(target: Target): No {
  return { status: 502, text: `${shown(target)} cannot be reached.` };
}

function shown({ host, port }: Target): string {
  return `${host}:${port}`;
}

/** Whoever connects gets the addresses that were judged, whatever the name leads to by then. */
function only(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, _options, done) => done(null, found);
}

function refuse(response: ServerResponse, no: No): void {
  response.writeHead(no.status, reasonOf(no), { "content-type": "text/plain", connection: "close" }).end(`${no.text}\n`);
}

function end(connection: Socket, no: No): void {
  const head = `HTTP/1.1 ${no.status} ${reasonOf(no)}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(no.text) + 1}\r\nconnection: close\r\n\r\n`;
  connection.end(`${head}${no.text}\n`, () => connection.destroy());
}

/** Most programs show nothing else of what a proxy says. */
function reasonOf({ status, text }: No): string {
  return status === 403 ? text.slice(0, REASON_CHARACTERS_MAX) : (STATUS_CODES[status] ?? "");
}
