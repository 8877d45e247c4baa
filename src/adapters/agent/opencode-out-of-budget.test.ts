/** The real OpenCode at a cap: the broker's refusal after a tool ran, as the broker speaks it, and what comes after it. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import { wireError } from "../../app/model-wire.ts";
import { Recorder } from "../../ports/agent/agent.recorder.ts";
import { OPENCODE_TEST_MS, stageOfEachTest } from "./opencode.testkit.ts";

const stage = stageOfEachTest();

interface CappedModel {
  readonly url: string;
  readonly server: Server;
  /** Requests of the turn, as the model got them, refused ones too. */
  readonly asked: { readonly messages: readonly { readonly role: string; readonly content: unknown }[] }[];
  hasRoom: boolean;
}

/** Calls bash once, has no room for what comes then, and says it is done as soon as there is room. */
async function cappedModel(command: string, refusal: Response): Promise<CappedModel> {
  const { status, headers } = refusal;
  const text = await refusal.text();
  const chunk = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "demo", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const model: Omit<CappedModel, "url" | "server"> = { asked: [], hasRoom: false };
  const stream = (response: ServerResponse, delta: object, finish: string): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`${chunk({ role: "assistant", ...delta })}${chunk({}, finish)}data: [DONE]\n\n`);
  };
  const answer = (body: string, response: ServerResponse): void => {
    const request = JSON.parse(body || "{}") as CappedModel["asked"][number] & { readonly tools?: unknown };
    if (!Array.isArray(request.tools)) return stream(response, { content: "A title" }, "stop");
    model.asked.push(request);
    const ran = request.messages.some(({ role }) => role === "tool");
    if (ran && model.hasRoom) return stream(response, { content: "Done." }, "stop");
    if (ran) return void response.writeHead(status, Object.fromEntries(headers)).end(text);
    const input = JSON.stringify({ command, description: "leave a mark" });
    return stream(response, { tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "bash", arguments: input } }] }, "tool_calls");
  };
  const server = createServer((request: IncomingMessage, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => answer(body, response));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return Object.assign(model, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, server });
}

async function begun(refusal: Response, way: "agent" | "acpAgent") {
  const here = stage();
  const ledger = join(here.work, "ledger");
  const model = await cappedModel(`echo ran >> ${ledger}`, refusal);
  here.atEnd(() => void model.server.close());
  here.atEnd(() => model.server.closeAllConnections());
  const agent = here[way]();
  const heard = new Recorder(agent);
  await agent.open(here.config(model.url), new AbortController().signal);
  await agent.prompt({ messageId: "msg_1", text: "leave a mark", model: "demo/demo" });
  return { agent, heard, model, marks: () => readFileSync(ledger, "utf8"), ended: await heard.first("turn-ended", "msg_1") };
}

const SAYS = 'The spending cap "org.cost" leaves no room for this call, so nothing was sent to the provider. An owner can raise the cap.';

for (const [way, how] of [["agent", "over its server"], ["acpAgent", "over ACP"]] as const) {
  verifies("AGT32", `a call ${how} that the broker has no room for ends the turn between two calls; the next prompt has the tool's result and runs nothing again`, async () => {
    const { agent, heard, model, marks, ended } = await begun(wireError("openai-compatible", 402, SAYS, { "x-berth-refusal": "budget" }), way);
    expect(ended).toMatchObject({ outcome: "interrupted", failure: { code: "budget-reached" } });
    // Asked once for the step without room: refused is refused.
    expect([model.asked.length, marks()]).toEqual([2, "ran\n"]);
    model.hasRoom = true;
    await agent.prompt({ messageId: "msg_2", text: "Go on, and do not repeat what is done.", model: "demo/demo" });
    expect(await heard.first("turn-ended", "msg_2")).toMatchObject({ outcome: "completed" });
    expect([model.asked.length, marks()]).toEqual([3, "ran\n"]);
    expect(model.asked[2]?.messages.map(({ role }) => role)).toContain("tool");
  }, OPENCODE_TEST_MS);

  verifies("AGT32", `a provider that wants to be paid is a failure ${how}`, async () => {
    const { ended } = await begun(wireError("openai-compatible", 402, "Insufficient credits."), way);
    expect(ended).toMatchObject({ outcome: "failed", failure: { code: "model-budget-exhausted" } });
  }, OPENCODE_TEST_MS);
}
