/** A work folder of 200 MB, lost with its sandbox: from asking for the next sandbox to the folder being back, on each backend. */
import { rmSync } from "node:fs";
import { Berth, type SessionClient } from "@berth/sdk";
import { lacks } from "@berth/testkit/machine";
import { foldersOf, type Backend } from "../../e2e/checkpoint/lost-sandbox.ts";
import { logOf, MODEL, turn, untilStatus } from "../../e2e/support/stack.ts";
import { startOwnInstance } from "../../journeys/instance.ts";
import type { Bench, Group } from "../bench.ts";
import { repeat, row, type Row } from "../row.ts";

const FILES = 100;
const FILE_BYTES = 2_000_000;
const SECONDS_MAX = 15;
const BACKENDS = ["process", "docker"] as const satisfies readonly Backend[];
const idOf = (backend: Backend): string => `restore.200mb.${backend}`;

export const restore: Group = {
  ids: BACKENDS.map(idOf),
  async run(bench: Bench, wants): Promise<Row[]> {
    await bench.close();
    const rows: Row[] = [];
    for (const backend of BACKENDS) if (wants(idOf(backend)) && (backend === "process" || lacks("sandbox-image") === null)) rows.push(await measure(backend, bench.signal));
    return rows;
  },
};

async function measure(backend: Backend, signal: AbortSignal): Promise<Row> {
  let dataDir = "";
  const partsFor = (folder: string) => {
    dataDir = folder;
    return { signal };
  };
  const instance = await startOwnInstance("local", partsFor, { sandboxBackends: [backend] });
  try {
    const berth = new Berth({ baseUrl: instance.stack.url, apiKey: instance.stack.apiKey });
    const { id } = await berth.sessions.create({ model: MODEL });
    const session = berth.session(id);
    await untilStatus(session, ["idle"]);
    await turn(session, `!bash for i in $(seq ${FILES}); do head -c ${FILE_BYTES} /dev/urandom > f$i; done`, 120_000);
    const seconds = await repeat(async () => {
      signal.throwIfAborted();
      const after = await lastSeq(session);
      await session.hibernate();
      await untilStatus(session, ["hibernated"], after, 120_000);
      rmSync(foldersOf({ dataDir }, id, backend), { recursive: true, maxRetries: 10 });
      return restored(session);
    });
    await session.remove();
    return row(idOf(backend), seconds, "s", { bound: SECONDS_MAX, note: `${FILES} files of 2 MB, by the session's own log` });
  } finally {
    await instance.stop();
  }
}

async function lastSeq(session: SessionClient): Promise<number> {
  return (await logOf(session)).at(-1)?.seq ?? 0;
}

/** Seconds. @throws Error when the folder came back otherwise than from its checkpoint, or not whole */
async function restored(session: SessionClient): Promise<number> {
  const before = await lastSeq(session);
  await turn(session, "!bash test $(cat f* | wc -c) = 200000000 && echo whole", 120_000);
  const events = await logOf(session, before);
  const end = events.find((event) => event.type === "workspace.checkpoint" && event.data.phase === "restored");
  const begin = events.find((event) => event.type === "sandbox.status" && event.data.phase === "requested");
  const isWhole = events.some((event) => event.type === "part.ended" && event.data.part.tool?.output?.includes("whole"));
  if (!begin || !end || !isWhole) throw new Error(`the work was not restored: ${JSON.stringify(events.map(({ type, data }) => ({ type, data })).slice(-8))}`);
  return (Date.parse(end.at) - Date.parse(begin.at)) / 1000;
}
