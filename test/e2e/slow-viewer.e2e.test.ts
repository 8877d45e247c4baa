/** What a viewer that never reads costs the real workerd: nothing that grows with the stream. */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { LIMITS } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { Scripted } from "../bench/scripted.ts";
import { privateMegabytes } from "../bench/workerd.ts";

const STREAM_BYTES = 20_000_000;
const PART_BYTES = 200_000;
const PIECE_BYTES = 2_000;
/** One part each: 20 MB in 20 s, faster than any model writes and slow enough that readers on a busy machine keep up. */
const EVERY_MS = 200;
const READERS = 24;
const GROWTH_MB_MAX = 100;

/** A socket that shakes hands and then reads no byte: what it is sent stays with the sender. */
async function joinDeaf(url: string, apiKey: string, sessionId: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const path = `/v1/sessions/${sessionId}/stream?after=0`;
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${hostname}:${port}`, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", `Authorization: Bearer ${apiKey}`];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await new Promise<void>((resolve, reject) => {
    socket.once("data", (answer: Buffer) => (answer.toString("latin1").startsWith("HTTP/1.1 101") ? resolve() : reject(new Error(answer.toString("latin1")))));
    socket.once("error", reject);
  });
  socket.on("error", () => undefined);
  socket.pause();
  return socket;
}

/** The highest figure while `work` goes on. */
async function peakMegabytes(scripted: Scripted, work: () => Promise<void>): Promise<number> {
  let peak = 0;
  const look = (): void => void (peak = Math.max(peak, privateMegabytes(scripted.stack)));
  const looking = setInterval(look, 50);
  try {
    await work();
  } finally {
    clearInterval(looking);
  }
  look();
  return peak;
}

verifies(["STR4", "STR3"], "25 viewers, one of which never reads, during a stream of 20 MB", async () => {
  const scripted = await Scripted.start(AbortSignal.timeout(240_000), true);
  try {
    const session = await scripted.session();
    // Code, connections and first pages of memory are needed once.
    await using readers = await scripted.watch(session, READERS);
    const { agent } = session;
    const stream = async (bytes: number): Promise<void> => {
      await session.turn(readers, async (messageId) => {
        for (let sent = 0; sent < bytes; sent += PART_BYTES) {
          const part = agent.startPart(messageId);
          for (let piece = 0; piece < PART_BYTES; piece += PIECE_BYTES) agent.write(part, "x".repeat(PIECE_BYTES));
          agent.endPart(messageId, part);
          await delay(EVERY_MS);
        }
      });
    };
    await stream(PART_BYTES);
    const before = await scripted.restingMegabytes();
    const deaf = await joinDeaf(scripted.stack.url, scripted.stack.apiKey, session.client.id);
    const startedMs = performance.now();
    const peak = await peakMegabytes(scripted, () => stream(STREAM_BYTES));
    const seconds = (performance.now() - startedMs) / 1_000;
    const { bytesRead } = deaf;
    deaf.destroy();
    const after = await scripted.restingMegabytes();
    console.log(`workerd: ${before.toFixed(0)} MB before, ${peak.toFixed(0)} MB at most in ${seconds.toFixed(1)} s, ${after.toFixed(0)} MB after; the deaf one took ${bytesRead} bytes`);
    expect(peak - before).toBeLessThanOrEqual(GROWTH_MB_MAX);
    expect(bytesRead).toBeLessThan(LIMITS.viewerUnackedBytesMax);
  } finally {
    await scripted.close();
  }
});
