/** The real OpenCode with a model whose answer breaks off once its tool has run; what the tool did is counted on disk. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import { Recorder } from "../../ports/agent/agent.recorder.ts";
import { OPENCODE_TEST_MS, stageOfEachTest } from "./opencode.testkit.ts";

const stage = stageOfEachTest();

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
  const here = stage();
  const ledger = join(here.work, "ledger");
  const { url, server } = await cuttingModel(ledger);
  here.atEnd(() => void server.close());
  here.atEnd(() => server.closeAllConnections());
  const agent = here.agent();
  const heard = new Recorder(agent);
  await agent.open(here.config(url), new AbortController().signal);
  await agent.prompt({ messageId: "msg_1", text: "leave a mark", model: "demo/demo" });
  const ended = await heard.first("turn-ended", "msg_1");
  expect(ended).toMatchObject({ outcome: "interrupted", failure: { code: "model-cut" } });
  expect(readFileSync(ledger, "utf8")).toBe("ran\n");
}, OPENCODE_TEST_MS);
