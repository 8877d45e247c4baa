/** The program in the sandbox: reads whom it works for, then joins the session and the agent until it is told to end. */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createOpenCodeAgent } from "../../../src/adapters/agent/opencode.ts";
import { createOpenCodeMemory } from "../../../src/adapters/agent/opencode-memory.ts";
import { FileLog } from "./append-log.ts";
import { createBlobClient } from "./checkpoint/blob-client.ts";
import { Checkpointer } from "./checkpoint/checkpointer.ts";
import { KeptState } from "./checkpoint/kept.ts";
import { systemClock } from "./clock.ts";
import { Journal } from "./journal.ts";
import { LINK_FILE_PATH, takeLinkFile } from "./link-file.ts";
import { Runtime } from "./runtime.ts";
import { dialer } from "./wire.ts";
import { inspectWorkspace } from "./workspace.ts";

const link = takeLinkFile(process.argv[2] ?? LINK_FILE_PATH);
const { url, token, epoch, workFolder, home, opencodePath } = link;
// Per epoch: another epoch numbers its messages anew and knows other prompts.
const runtimeFolder = join(home, ".berth-runtime");
const stateFolder = join(runtimeFolder, String(epoch));
for (const name of existsSync(runtimeFolder) ? readdirSync(runtimeFolder) : []) {
  if (Number(name) < epoch) rmSync(join(runtimeFolder, name), { recursive: true, force: true });
}

// Across epochs: the agent's own session goes on in the next sandbox.
const idLog = new FileLog(join(runtimeFolder, "opencode.jsonl"));

const agent = createOpenCodeAgent({
  executable: opencodePath,
  home,
  tokenFile: join(stateFolder, "broker-token"),
  log: idLog,
  environment: agentEnvironment(),
  now: () => Date.now(),
  randomBytes: (length) => randomBytes(length),
});

const checkpointer = new Checkpointer({
  workFolder,
  memory: createOpenCodeMemory({ home, log: idLog }),
  blobs: createBlobClient({ linkUrl: url, token }),
  kept: new KeptState(join(runtimeFolder, "checkpoint"), link.sessionId, epoch),
  scratch: join(runtimeFolder, "scratch"),
  epoch,
  clock: systemClock,
  log: (line) => console.error(line),
});

const runtime = new Runtime({
  agent,
  journal: new Journal(new FileLog(join(stateFolder, "journal.jsonl"))),
  dial: dialer(url, token),
  clock: systemClock,
  random: () => Math.random(),
  epoch,
  workFolder,
  token,
  inspectWorkspace: () => inspectWorkspace(workFolder),
  checkpointer,
  over: () => process.exit(0),
});

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void runtime.stop({ savesFirst: true }));
runtime.start();

/** What the host set for this sandbox, its marker by which it ends every process included. */
function agentEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !name.startsWith("OPENCODE_"));
  return Object.fromEntries(kept) as Record<string, string>;
}
