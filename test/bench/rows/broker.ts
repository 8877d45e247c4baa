/** What the model broker adds to a call: until the first byte, and to each token that the provider paces. */
import type { Bench, Group } from "../bench.ts";
import { startPacedModel, TOKENS } from "../paced-model.ts";
import { median, repeat, row, type Row } from "../row.ts";

const CALLS = 20;
const WARM_UP = 5;

interface Way {
  readonly url: string;
  readonly token: string;
}

interface Times {
  readonly firstByte: number[];
  /** From the provider's writing of a token to its arrival. */
  readonly tokens: number[];
}

export const broker: Group = {
  ids: ["broker.first.p50", "broker.token.p50"],
  async run(bench: Bench): Promise<Row[]> {
    await using model = await startPacedModel();
    const scripted = await bench.freshScripted(undefined, model.url);
    const { sandboxToken } = await scripted.session();
    const direct = { url: `${model.url}/v1/chat/completions`, token: "none" };
    const brokered = { url: `${scripted.stack.url}/v1/broker/model/demo/chat/completions`, token: sandboxToken };
    const runs = await bench.record("broker.first.p50", () => repeat(() => difference(direct, brokered)));
    await bench.close();
    const note = `by way of the broker − from the provider directly, ${CALLS} calls each in turns`;
    return [
      row("broker.first.p50", runs.map(({ firstByte }) => firstByte), "ms", { bound: 5, note: `first byte: ${note}` }),
      row("broker.token.p50", runs.map(({ tokens }) => tokens), "ms", { bound: 1, note: `a paced token: ${note}, ${TOKENS} tokens a call` }),
    ];
  },
};

async function difference(direct: Way, brokered: Way): Promise<{ readonly firstByte: number; readonly tokens: number }> {
  const [left, right]: Times[] = [{ firstByte: [], tokens: [] }, { firstByte: [], tokens: [] }] as const;
  for (let n = -WARM_UP; n < CALLS; n++) {
    for (const [way, times] of [[direct, left], [brokered, right]] as const) await call(way, n < 0 ? null : times);
  }
  return { firstByte: median(right.firstByte) - median(left.firstByte), tokens: median(right.tokens) - median(left.tokens) };
}

async function call({ url, token }: Way, times: Times | null): Promise<void> {
  const startedAt = performance.now();
  const body = JSON.stringify({ model: "demo", stream: true, messages: [{ role: "user", content: "go" }] });
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${token}` }, body });
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const decoder = new TextDecoder();
  let seen = 0;
  for await (const piece of response.body) {
    const atMs = performance.now();
    if (seen++ === 0) times?.firstByte.push(atMs - startedAt);
    for (const [, writtenAt] of decoder.decode(piece as Uint8Array).matchAll(/"content":"(\d+\.?\d*) "/g)) times?.tokens.push(atMs - Number(writtenAt));
  }
}
