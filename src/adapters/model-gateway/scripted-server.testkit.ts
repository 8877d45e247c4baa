/** A provider, or a gateway before one, on a port of its own: answers as scripted, keeps what it received, misbehaves on demand. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ScriptedAnswer, SeenCall } from "../../ports/model-gateway/model-gateway-kit.contract.ts";

export type Misbehaviour = (response: ServerResponse) => void | Promise<void>;

export interface ScriptedServer {
  readonly url: string;
  readonly seen: readonly SeenCall[];
  /** Settles when a call was aborted by its caller. */
  readonly aborted: Promise<void>;
  answer(script: ScriptedAnswer): void;
  misbehave(how: Misbehaviour): void;
  close(): Promise<void>;
}

/** What a product does around the answers it passes on. */
export interface Manners {
  /** Its own answer to a call that it does not pass on: no key, no such route. */
  refuse(call: SeenCall): ScriptedAnswer | null;
  /** What it makes of an answer it passes on. */
  dress(call: SeenCall, script: ScriptedAnswer): ScriptedAnswer;
}

/** The model that a call names: in its path, where that wire has it there, or in its body. */
export function modelNamedIn({ path, body }: SeenCall, inPath: RegExp): string | null {
  const named = inPath.exec(path)?.[1];
  if (named !== undefined) return named;
  try {
    const { model } = JSON.parse(body) as { model?: unknown };
    return typeof model === "string" ? model : null;
  } catch {
    return null;
  }
}

export const USAGE = '{"model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}';

export async function startScriptedServer(manners?: Manners, port = 0): Promise<ScriptedServer> {
  let script: ScriptedAnswer = { chunks: [USAGE] };
  let misbehaviour: Misbehaviour | null = null;
  const seen: SeenCall[] = [];
  const aborted = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    response.on("close", () => response.writableFinished || aborted.resolve());
    const call = { method: request.method ?? "", path: request.url ?? "", headers: headersOf(request), body: await bodyOf(request) };
    seen.push(call);
    if (misbehaviour) return misbehaviour(response);
    return play(manners?.refuse(call) ?? manners?.dress(call, script) ?? script, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    aborted: aborted.promise,
    answer: (next) => {
      script = next;
    },
    misbehave: (how) => {
      misbehaviour = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function headersOf({ headers }: IncomingMessage): Headers {
  const own = ["host", "connection", "content-length", "accept-encoding", "accept-language", "sec-fetch-mode", "user-agent"];
  return new Headers(Object.entries(headers).filter(([name]) => !own.includes(name)).map(([name, value]) => [name, String(value)] as [string, string]));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function play({ status = 200, headers = {}, chunks, beforeLast }: ScriptedAnswer, response: ServerResponse): Promise<void> {
  response.sendDate = false;
  response.writeHead(status, headers);
  for (const [index, chunk] of chunks.entries()) {
    if (index === chunks.length - 1) await beforeLast;
    await new Promise((resolve) => response.write(chunk, resolve));
  }
  response.end();
}
