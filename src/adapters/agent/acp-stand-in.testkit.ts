/**
 * An ACP agent that is none of anybody's, as a process: says what it is told to, and can do little. What it is like is its
 * first argument; `words` in a prompt are answered, `hang` never ends, not even when it is cancelled.
 */
import { Readable, Writable } from "node:stream";
import { agent, methods, ndJsonStream, RequestError, type SessionConfigOption } from "@agentclientprotocol/sdk/unstable";

const likeness = process.argv[2];
if (likeness === "broken") {
  process.stderr.write("no license\n");
  process.exit(3);
}

const MODELS: SessionConfigOption[] = [{ id: "brain", name: "Model", category: "model", type: "select", currentValue: "small/one", options: [{ value: "small/one", name: "One" }, { value: "demo/demo", name: "Demo" }] }];
let sessions = 0;
let model = "small/one";

agent({ name: "stand-in" })
  .onRequest(methods.agent.initialize, () => ({ protocolVersion: likeness === "newer" ? 2 : 1, agentCapabilities: {} }))
  .onRequest(methods.agent.session.new, () => {
    if (likeness === "locked") throw new RequestError(-32_000, "Authentication required");
    sessions += 1;
    return { sessionId: `${process.pid}-${sessions}`, ...(likeness === "choosy" && { configOptions: MODELS }) };
  })
  .onRequest(methods.agent.session.setConfigOption, ({ params }) => {
    model = String(params.value);
    return { configOptions: MODELS };
  })
  .onRequest(methods.agent.session.prompt, async ({ params: { sessionId, prompt }, client }) => {
    const text = prompt.map((block) => (block.type === "text" ? block.text : "")).join("");
    if (text === "hang") return new Promise(() => {});
    if (text !== "") await client.notify(methods.client.session.update, { sessionId, update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text: `${text} by ${model}` } } });
    return { stopReason: "end_turn" };
  })
  .connect(ndJsonStream(Writable.toWeb(process.stdout) as WritableStream<Uint8Array>, Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>));
