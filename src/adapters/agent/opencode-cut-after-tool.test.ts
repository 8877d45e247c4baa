/** The real OpenCode with a model whose answer breaks off once its tool has run; what the tool did is counted on disk. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, expect } from "vitest";
import { verifies } from "@berth/testkit";
import { FileLog } from "../../../packages/sandbox-runtime/src/append-log.ts";
import { Recorder } from "../../ports/agent/agent.recorder.ts";
import { createOpenCodeAgent } from "./opencode.ts";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** Calls bash in every answer that may use tools, and breaks the connection as soon as the command has left its mark. */
async function cuttingModel(ledger: string): Promise<{ readonly url: string; readonly server: Server }> {
  const chunk = (delta: object): string =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "demo", choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
  const answer = (tools: boolean, response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (!tools) return void response.end(`${chunk({ role: "assistant", content: "A title" })}data: [DONE]\n\n`);
    const input = JSON.stringify({ command: `echo ran >> ${ledger}`, description: "leave a mark" });
    response.write(chunk({ role: "assistant", tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "bash", arguments: input } }] }));
    const poll = setInterval(() => {
      if (!existsSync(ledger)) return;
      clearInterval(poll);
      response.destroy();
    }, 20);
    response.on("close", () => clearInterval(poll));
  };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => answer(Array.isArray((JSON.parse(body || "{}") as { tools?: unknown }).tools), response));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, server };
}

verifies("AGT26", "a tool whose answer is cut after it ran has run once, and the turn ends as interrupted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-cut-"));
  mkdirSync(join(folder, "work"));
  const ledger = join(folder, "work", "ledger");
  const { url, server } = await cuttingModel(ledger);
  const log = new FileLog(join(folder, "state", "opencode.jsonl"));
  const agent = createOpenCodeAgent({
    executable: resolve("node_modules/.bin/opencode"),
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
    () => void server.close(),
    () => server.closeAllConnections(),
    () => log.close(),
    () => agent.close(),
  );
  const heard = new Recorder(agent);
  await agent.open(
    {
      providers: [{ id: "cut", kind: "openai-compatible", baseUrl: url, models: [{ id: "demo", name: "Cut", contextTokens: 200_000 }] }],
      permissions: { "*": "allow" },
      workFolder: join(folder, "work"),
      brokerToken: "berth_sbx_example_token_of_a_test",
    },
    new AbortController().signal,
  );
  await agent.prompt({ messageId: "msg_1", text: "leave a mark", model: "cut/demo" });
  const ended = await heard.first("turn-ended", "msg_1");
  expect(ended).toMatchObject({ outcome: "interrupted", failure: { code: "model-cut" } });
  expect(readFileSync(ledger, "utf8")).toBe("ran\n");
});
