/** The sandbox host: any sandbox providers over HTTP, every call signed. Listens on the loopback address only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isPortError, PortError, type PortErrorCode } from "../../../src/core/kernel/port-error.ts";
import { authenticate } from "./authenticate.ts";
import { NonceMemory } from "./nonce-memory.ts";
import { route, type HostAnswer, type HostParts } from "./routes.ts";
import { sha256Hex, SKEW_MAX_MS } from "./signature.ts";

export interface HostOptions extends HostParts {
  readonly secret: string;
  readonly now: () => number;
  /** One structured line. Never holds a secret. */
  readonly log: (entry: { readonly event: string; readonly [field: string]: unknown }) => void;
}

/** A file of the largest size that may be written, and its frame. */
const BODY_BYTES_MAX = 33 * 1024 * 1024;

const STATUS: Readonly<Record<PortErrorCode, number>> = {
  "not-found": 404,
  "already-exists": 409,
  "invalid-argument": 400,
  internal: 500,
  unimplemented: 501,
  "failed-precondition": 412,
  "permission-denied": 403,
  "resource-exhausted": 429,
  canceled: 409,
  "deadline-exceeded": 504,
  unknown: 500,
};

export function createHostServer(options: HostOptions): Server {
  // Both clocks may be off by the skew, one each way.
  const nonces = new NonceMemory(2 * SKEW_MAX_MS);
  return createServer((request, response) => {
    void answer(options, nonces, request).then(
      (found) => send(response, 200, found),
      (error: unknown) => {
        const wire = isPortError(error) ? error : hidden(options, error);
        send(response, STATUS[wire.code], { json: { error: wire.toWire() } });
      },
    );
  });
}

/** @param port 0 for any. @returns the port it listens on */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

async function answer(options: HostOptions, nonces: NonceMemory, request: IncomingMessage): Promise<HostAnswer> {
  const { method = "GET", url = "/" } = request;
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const bodyHash = await authenticate({ method, target: url, header }, options.secret, nonces, options.now());
  const body = await readBody(request);
  if ((await sha256Hex(body)) !== bodyHash) throw refusal("permission-denied", "The body is not the one that was signed.");
  const { pathname, searchParams } = new URL(url, "http://host");
  return route(options, { method, path: pathname, query: searchParams, body });
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw refusal("resource-exhausted", `The body is larger than ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refusal(code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "sandbox", operation: "request", code, outcome: "not-applied", retry: "never", message });
}

/** Our own fault: the log gets it, the caller does not. */
function hidden(options: HostOptions, error: unknown): PortError {
  options.log({ event: "host-error", error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  return new PortError({ port: "sandbox", operation: "request", code: "internal", outcome: "unknown", retry: "never", message: "The sandbox host failed; its log says why." });
}

function send(response: ServerResponse, status: number, found: HostAnswer): void {
  if ("bytes" in found) {
    response.writeHead(status, { "content-type": "application/octet-stream" });
    response.end(found.bytes);
    return;
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(found.json));
}
