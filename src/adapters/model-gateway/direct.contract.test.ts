import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KEY, RIG_LINGER_MS, type ModelGatewayRig, type ScriptedAnswer, type SeenCall } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import { describeModelGatewayContract } from "../../ports/model-gateway/model-gateway.contract.ts";
import { createDirectModelGateway } from "./direct.ts";

type Misbehaviour = (response: ServerResponse) => void | Promise<void>;

interface HttpRig extends ModelGatewayRig {
  misbehave(how: Misbehaviour): void;
  /** The address leads nowhere from now on. */
  stopListening(): Promise<void>;
  /** Answers must begin at once from now on. */
  hurry(): void;
}

const json = (status: number, headers: Record<string, string> = {}): Misbehaviour => (response) =>
  void response.writeHead(status, { "content-type": "application/json", ...headers }).end('{"error":{"message":"refused"}}');
const USAGE = '{"model":"m","usage":{"prompt_tokens":1,"completion_tokens":1}}';

async function createRig(): Promise<HttpRig> {
  let script: ScriptedAnswer = { chunks: [USAGE] };
  let misbehaviour: Misbehaviour | null = null;
  const seen: SeenCall[] = [];
  const aborted = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    response.on("close", () => response.writableFinished || aborted.resolve());
    seen.push({ method: request.method ?? "", path: request.url ?? "", headers: headersOf(request), body: await bodyOf(request) });
    await (misbehaviour ? misbehaviour(response) : play(script, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const deps = { fetch: (url: string, init: RequestInit) => fetch(url, init), lingerMs: RIG_LINGER_MS };
  let gateway = createDirectModelGateway(deps);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    gateway: { forward: (request) => gateway.forward(request), listModels: (upstream, signal) => gateway.listModels(upstream, signal) },
    upstream: (wire) => ({ provider: "example", wire, baseUrl: `http://127.0.0.1:${port}/v1`, key: KEY }),
    answer: (next) => {
      script = next;
    },
    seen,
    aborted: aborted.promise,
    close,
    misbehave: (how) => {
      misbehaviour = how;
    },
    stopListening: close,
    hurry: () => {
      gateway = createDirectModelGateway({ ...deps, answerTimeoutMs: 20 });
    },
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

const on = (act: (rig: HttpRig) => Promise<void> | void) => (rig: ModelGatewayRig) => act(rig as HttpRig);

describeModelGatewayContract({
  name: "direct",
  create: createRig,
  inject: {
    "model-gateway:forward:unauthorized": on((rig) => rig.misbehave(json(401))),
    "model-gateway:forward:rate-limited": on((rig) => rig.misbehave(json(429, { "retry-after": "7" }))),
    "model-gateway:forward:overloaded": on((rig) => rig.misbehave(json(529))),
    "model-gateway:forward:cut-mid-token": on((rig) =>
      rig.misbehave((response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write('data: {"model":"m","choices":[{"delta":{"content":"hal', () => response.destroy());
      }),
    ),
    "model-gateway:forward:usage-missing": on((rig) => rig.answer({ chunks: ['{"choices":[]}'] })),
    "model-gateway:forward:slow": on((rig) => rig.misbehave((response) => void setTimeout(() => response.end(USAGE), 20))),
    "model-gateway:forward:unreachable": on((rig) => rig.stopListening()),
    "model-gateway:forward:no-answer": on((rig) => {
      rig.misbehave(() => undefined);
      rig.hurry();
    }),
    "model-gateway:listModels:wrong-key": on((rig) => rig.misbehave(json(401))),
    "model-gateway:listModels:no-list": on((rig) => rig.misbehave(json(404))),
  },
});
