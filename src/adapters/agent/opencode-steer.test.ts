/**
 * The real OpenCode behind a relay that holds a steering message back until the turn is over, which OpenCode's own timing
 * does once in a thousand times: the message begins a loop of its own, or is left without an answer.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, expect } from "vitest";
import { startDemoModel } from "@berth/demo-model";
import { verifies } from "@berth/testkit";
import { FileLog } from "../../../packages/sandbox-runtime/src/append-log.ts";
import type { CodingAgent } from "../../ports/agent/agent.port.ts";
import { Recorder } from "../../ports/agent/agent.recorder.ts";
import { createOpenCodeAgent } from "./opencode.ts";

const HELD = "held back";
const TIMEOUT_MS = 120_000;

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

interface Relay {
  readonly port: number;
  /** Resolved when a message with this text is held. */
  readonly holding: PromiseWithResolvers<void>;
  /** Such messages wait until it is resolved. */
  readonly released: PromiseWithResolvers<void>;
  /** Stores the message and starts nothing, as when OpenCode looked for messages a moment before. */
  leavesUnanswered: boolean;
  /** What OpenCode's sessions do, as JSON. */
  statuses(): Promise<string>;
  close(): void;
}

async function startRelay(targetPort: () => number): Promise<Relay> {
  let heard: [string, string][] = [];
  const server = createServer((request, response) => void relayed(request, response).catch(() => response.destroy()));
  const relay: Relay = {
    get port() {
      return (server.address() as AddressInfo).port;
    },
    holding: Promise.withResolvers<void>(),
    released: Promise.withResolvers<void>(),
    leavesUnanswered: false,
    statuses: async () => (await fetch(`http://127.0.0.1:${targetPort()}/session/status`, { headers: heard })).text(),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  const relayed = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    let body = Buffer.concat(pieces).toString();
    if (body.includes(HELD)) {
      relay.holding.resolve();
      await relay.released.promise;
      if (relay.leavesUnanswered) body = JSON.stringify({ ...(JSON.parse(body) as object), noReply: true });
    }
    const headers = Object.entries(request.headers).filter(([name]) => !["host", "connection", "content-length"].includes(name)) as [string, string][];
    heard = headers;
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const answer = await fetch(`http://127.0.0.1:${targetPort()}${request.url}`, {
      method: request.method ?? "GET",
      headers,
      signal: gone.signal,
      ...(body === "" ? {} : { body }),
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
    for await (const piece of answer.body ?? []) response.write(piece);
    response.end();
  };
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return relay;
}

interface Stage {
  readonly agent: CodingAgent;
  readonly said: Recorder;
  readonly relay: Relay;
  readonly prompt: (messageId: string, text: string) => Promise<void>;
}

async function opened(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "berth-steer-"));
  mkdirSync(join(folder, "work"));
  const relay = await startRelay(() => Number(readFileSync(join(folder, "port"), "utf8")));
  const model = await startDemoModel({ chunkDelayMs: 1 });
  // Says the relay's address in the place of its own.
  const program = `#!/bin/sh\nfor last in "$@"; do :; done\necho "$last" > ${folder}/port\n${resolve("node_modules/.bin/opencode")} "$@" | sed -u "s/127.0.0.1:$last/127.0.0.1:${relay.port}/"\n`;
  writeFileSync(join(folder, "opencode"), program, { mode: 0o755 });
  const log = new FileLog(join(folder, "state", "opencode.jsonl"));
  const agent = createOpenCodeAgent({
    executable: join(folder, "opencode"),
    home: join(folder, "home"),
    tokenFile: join(folder, "state", "token"),
    log,
    environment: { PATH: process.env["PATH"] ?? "" },
    now: () => Date.now(),
    randomBytes: (length) => randomBytes(length),
    startTimeoutMs: 50_000,
  });
  cleanUps.push(
    () => rmSync(folder, { recursive: true, force: true }),
    () => model.close(),
    () => relay.close(),
    () => log.close(),
    () => agent.close(),
  );
  const said = new Recorder(agent);
  const models = [{ id: "demo", name: "Demo", contextTokens: 200_000 }];
  const providers = [{ id: "demo", kind: "openai-compatible" as const, baseUrl: `${model.url}/v1`, models }];
  await agent.open({ providers, permissions: { "*": "allow" }, workFolder: join(folder, "work"), brokerToken: "berth_sbx_example_token_of_a_test" }, AbortSignal.timeout(60_000));
  return { agent, said, relay, prompt: (messageId, text) => agent.prompt({ messageId, text, model: "demo/demo" }) };
}

/** Steers while the last answer is written; the message reaches OpenCode when that turn of its is long over. */
async function steeredTooLate({ agent, said, relay, prompt }: Stage): Promise<void> {
  await prompt("msg_1", "!say begun\n!sleep 500\n!say last");
  await said.until(() => said.all("part-started").length > 0);
  const steer = agent.steer("msg_1", "msg_2", `${HELD}\n!say answered late`);
  await said.until(() => said.parts("msg_1", "text").length > 0);
  await relay.holding.promise;
  await expect.poll(() => relay.statuses(), { timeout: 20_000 }).not.toContain("busy");
  expect(said.all("turn-ended")).toEqual([]);
  relay.released.resolve();
  expect(await steer).toBe("taken");
  expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "completed" });
  expect(said.parts("msg_1", "text").at(-1)?.text).toBe("answered late");
  expect(said.parts("msg_1", "text").filter(({ text }) => text === "answered late")).toHaveLength(1);
  expect(await agent.lookup("msg_2")).toBe("finished");
  await prompt("msg_3", "!say next");
  await said.first("turn-ended", "msg_3");
  expect(said.all("turn-ended")).toHaveLength(2);
}

verifies("AGT27", "a message that OpenCode answers in a loop of its own is of the turn that it steered", async () => steeredTooLate(await opened()), TIMEOUT_MS);

verifies("AGT27", "a message that OpenCode has and leaves unanswered is answered all the same, once", async () => {
  const stage = await opened();
  stage.relay.leavesUnanswered = true;
  await steeredTooLate(stage);
}, TIMEOUT_MS);

verifies("AGT30", "a message that reaches OpenCode after the stop does nothing", async () => {
  const { agent, said, relay, prompt } = await opened();
  await prompt("msg_1", "!bash sleep 60");
  await said.until(() => said.all("part-started").length > 0);
  const steer = agent.steer("msg_1", "msg_2", `${HELD}\n!sleep 1000\n!bash echo never`);
  await relay.holding.promise;
  await agent.interrupt("msg_1");
  relay.released.resolve();
  expect(await steer).toBe("taken");
  expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "stopped" });
  await prompt("msg_3", "!bash echo next");
  await said.first("turn-ended", "msg_3");
  expect(said.all("part-started").flatMap(({ part }) => (part.tool ? [part.tool.input] : []))).toMatchObject([{ command: "sleep 60" }, { command: "echo next" }]);
}, TIMEOUT_MS);
