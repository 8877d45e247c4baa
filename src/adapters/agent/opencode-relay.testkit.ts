/** Stands between the adapter and the real OpenCode, and may hold requests back, change them or answer them itself. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startDemoModel } from "@berth/demo-model";
import type { Event } from "@opencode-ai/sdk/v2/types";
import type { CodingAgent } from "../../ports/agent/agent.port.ts";
import { Recorder } from "../../ports/agent/agent.recorder.ts";
import type { OpenCodeDeps } from "./opencode-launch.ts";
import { OPENCODE, type OpenCodeStage } from "./opencode.testkit.ts";

export interface RelayedRequest {
  /** Without the query. */
  readonly path: string;
  readonly body: string;
}

/** What goes on to OpenCode, or the status that is answered in its place. */
export type Meddled = { readonly body: string } | { readonly status: number };

export type Meddle = (request: RelayedRequest) => Promise<Meddled> | Meddled;

/** What OpenCode's stream of events says as well, right after one of its own. */
export type SaidAlso = (event: Event) => readonly object[];

interface Relay {
  /** OpenCode as it says the relay's address in the place of its own. */
  readonly executable: string;
  /** What OpenCode's sessions do, as JSON. */
  statuses(): Promise<string>;
}

export interface RelayedAgent extends Pick<Relay, "statuses"> {
  readonly agent: CodingAgent;
  readonly said: Recorder;
  prompt(messageId: string, text: string): Promise<void>;
}

/** Open, with the demo model. */
export async function openBehindRelay(stage: OpenCodeStage, meddle: Meddle, deps: Partial<OpenCodeDeps> = {}, saidAlso: SaidAlso = () => []): Promise<RelayedAgent> {
  const { executable, statuses } = await startRelay(stage, meddle, saidAlso);
  const model = await startDemoModel({ chunkDelayMs: 1 });
  stage.atEnd(() => model.close());
  const agent = stage.agent({ executable, ...deps });
  const said = new Recorder(agent);
  await agent.open(stage.config(`${model.url}/v1`), AbortSignal.timeout(60_000));
  return { agent, said, statuses, prompt: (messageId, text) => agent.prompt({ messageId, text, model: "demo/demo" }) };
}

async function startRelay(stage: OpenCodeStage, meddle: Meddle, saidAlso: SaidAlso): Promise<Relay> {
  const portFile = join(stage.folder, "port");
  const target = (): string => `http://127.0.0.1:${readFileSync(portFile, "utf8").trim()}`;
  let heard: [string, string][] = [];
  const relayed = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const meddled = await meddle({ path: (request.url ?? "").split("?")[0] ?? "", body: Buffer.concat(pieces).toString() });
    if ("status" in meddled) return void response.writeHead(meddled.status).end();
    heard = Object.entries(request.headers).filter(([name]) => !["host", "connection", "content-length"].includes(name)) as [string, string][];
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const answer = await fetch(`${target()}${request.url}`, {
      method: request.method ?? "GET",
      headers: heard,
      signal: gone.signal,
      ...(meddled.body === "" ? {} : { body: meddled.body }),
    });
    const contentType = answer.headers.get("content-type") ?? "application/json";
    response.writeHead(answer.status, { "content-type": contentType });
    if (contentType === "text/event-stream") await relayEvents(answer, response, saidAlso);
    else for await (const piece of answer.body ?? []) response.write(piece);
    response.end();
  };
  const server = createServer((request, response) => void relayed(request, response).catch(() => response.destroy()));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  stage.atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const executable = stage.program([
    'for last in "$@"; do :; done',
    `echo "$last" > ${portFile}`,
    `${OPENCODE} "$@" | sed -u "s/127.0.0.1:$last/127.0.0.1:${port}/"`,
  ]);
  return { executable, statuses: async () => (await fetch(`${target()}/session/status`, { headers: heard })).text() };
}

async function relayEvents(from: Response, to: ServerResponse, saidAlso: SaidAlso): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of from.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      to.write(`${block}\n\n`);
      for (const event of saidAlso(JSON.parse(block.replace(/^data: /, "")) as Event)) to.write(`data: ${JSON.stringify(event)}\n\n`);
    }
  }
}
