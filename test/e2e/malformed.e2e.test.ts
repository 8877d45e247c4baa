/**
 * Ten thousand requests that are wrong, made from the API's own document: each is refused in words and soon, nothing breaks
 * inside, and nothing is kept of them.
 */
import { Agent, createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPrng } from "../../src/core/kernel/prng.ts";
import { freePort } from "../../packages/launcher/src/free-port.ts";
import { Inspector } from "../bench/inspector.ts";
import { privateMegabytes } from "../bench/workerd.ts";
import { MalformedRequests, type ApiDocument, type RawRequest } from "./malformed/requests.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

const REQUESTS = 10_000;
/** Until every kind was met and the platform has the memory it works with. */
const WARM = 1_000;
const AT_ONCE = 8;
const ANSWERED_WITHIN_MS = 30_000;
/** Also an answer that goes on and on has to end. */
const ENDED_WITHIN_MS = 60_000;
/** Of what our code holds on to: 1.034 to 1.044 were seen. */
const HEAP_GROWTH_MAX = 1.05;
/**
 * Of all that workerd wrote to and V8 uses. 0.92 to 1.09 were seen: most of it is there after 3,000 requests, and one piece of
 * 15 MB is the system's at one moment and workerd's at another.
 */
const GROWTH_MAX = 1.3;
/** The platform lets an object that is quiet for ten seconds go. */
const LET_GO_MS = 12_000;
const SEED = Number(process.env["SEED"] ?? 20_261_129);

let stack: TestStack;
let inspector: Inspector;
/** In the place of the sandbox host: no sandbox starts for a request that turned out to be right. */
let nobody: Server;
/** A connection each: one that is kept may be closed by the server while the next request is on its way. */
const agent = new Agent({ keepAlive: false });

beforeAll(async () => {
  nobody = createServer((_, response) => response.writeHead(503).end());
  await new Promise<void>((resolve) => nobody.listen(0, "127.0.0.1", resolve));
  const inspectorPort = await freePort();
  stack = await startTestStack({}, { sandboxHostUrl: `http://127.0.0.1:${(nobody.address() as AddressInfo).port}`, inspectorPort, vars: { RATE_LIMIT_PER_MINUTE: "10000000" } });
  inspector = await Inspector.connect(inspectorPort);
});

afterAll(async () => {
  agent.destroy();
  inspector?.close();
  await stack?.end();
  nobody?.closeAllConnections();
  nobody?.close();
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

test(`[E2E-7.1] ${REQUESTS} malformed requests: each is answered, none with 500, and memory stays near what it was after ${WARM} (SEED=${SEED})`, async () => {
  const document = (await (await fetch(`${stack.url}/openapi.json`)).json()) as ApiDocument;
  const requests = new MalformedRequests(document, stack.apiKey, createPrng(SEED));
  expect(requests.operations).toBeGreaterThan(30);
  const statuses = new Map<number, number>();
  const broken: string[] = [];
  const ask = async (count: number): Promise<void> => {
    let left = count;
    const one = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const request = requests.next();
        const answer = await send(request).catch((error: Error) => ({ status: 0, type: "", body: error.message }));
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const reason = whatIsWrong(answer);
        if (reason !== null && broken.length < 20) broken.push(`${reason}: ${request.method} ${request.path.slice(0, 200)} ${JSON.stringify(request.headers).replace(stack.apiKey, "…").slice(0, 200)} ${request.body?.toString("utf8").slice(0, 200) ?? ""} → ${answer.status} ${answer.body.slice(0, 300)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  };
  await ask(WARM);
  const before = await megabytes();
  for (let round = 1; round < REQUESTS / WARM; round++) {
    await ask(WARM);
    // The platform keeps what a burst of garbage once took, and collects late where there is room.
    await inspector.collectGarbage();
  }
  const after = await megabytes();
  console.log(`answers ${JSON.stringify(Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b)))}; heap ${before.heap.toFixed(1)} → ${after.heap.toFixed(1)} MB, memory ${before.all.toFixed(1)} → ${after.all.toFixed(1)} MB over ${requests.operations} operations`);
  expect(broken).toEqual([]);
  expect([...statuses.values()].reduce((sum, each) => sum + each, 0)).toBe(REQUESTS);
  expect(after.heap / before.heap).toBeLessThanOrEqual(HEAP_GROWTH_MAX);
  expect(after.all / before.all).toBeLessThanOrEqual(GROWTH_MAX);
}, 600_000);

function whatIsWrong({ status, type, body }: Answer): string | null {
  if (status === 0) return "no answer";
  if (status === 500) return "broke";
  if (status >= 500 && !type.startsWith("application/problem+json")) return "not in words";
  return status >= 400 && body === "" ? "says nothing" : null;
}

/** Once the sessions that turned out to be asked for rightly are gone, and the platform has let them go. */
async function megabytes(): Promise<{ readonly heap: number; readonly all: number }> {
  for (const { id } of await stack.berth.sessions.list().all()) await stack.berth.session(id).remove();
  await delay(LET_GO_MS);
  // The second collection takes what the first one finalized.
  for (let n = 0; n < 2; n++) await inspector.collectGarbage();
  return { heap: await inspector.heapMegabytes(), all: privateMegabytes(stack) - (await inspector.unusedHeapMegabytes()) };
}

function send({ method, path, headers, body }: RawRequest): Promise<Answer> {
  const { hostname, port } = new URL(stack.url);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ hostname, port, method, path, agent, timeout: ANSWERED_WITHIN_MS, signal: AbortSignal.timeout(ENDED_WITHIN_MS), headers: { ...headers, ...(body && { "content-length": body.length }) } }, (incoming) => {
      const chunks: Buffer[] = [];
      const type = incoming.headers["content-type"] ?? "";
      const settle = (): void => resolve({ status: incoming.statusCode ?? 0, type, body: Buffer.concat(chunks).toString("utf8") });
      incoming.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        // A stream that goes on was answered.
        if (type.startsWith("text/event-stream")) {
          settle();
          outgoing.destroy();
        }
      });
      incoming.on("end", settle);
      incoming.on("error", reject);
    });
    outgoing.on("upgrade", (incoming, socket) => {
      socket.destroy();
      resolve({ status: incoming.statusCode ?? 0, type: "", body: "" });
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`not answered in ${ANSWERED_WITHIN_MS} ms`)));
    outgoing.on("error", reject);
    outgoing.end(body ?? undefined);
  });
}
