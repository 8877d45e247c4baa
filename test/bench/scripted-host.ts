/** A sandbox host in this process whose sandboxes are the real runtime around a {@link ScriptedAgent}. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createHostServer, listen } from "@berth/sandbox-host/server";
import { FileLog } from "../../packages/sandbox-runtime/src/append-log.ts";
import { systemClock } from "../../packages/sandbox-runtime/src/clock.ts";
import { Journal } from "../../packages/sandbox-runtime/src/journal.ts";
import { Runtime } from "../../packages/sandbox-runtime/src/runtime.ts";
import { dialer } from "../../packages/sandbox-runtime/src/wire.ts";
import type { SandboxSpec } from "../../src/ports/sandbox/sandbox.port.ts";
import { InMemorySandboxProvider } from "../../src/ports/sandbox/sandbox.fake.ts";
import { ScriptedAgent } from "./scripted-agent.ts";

export interface ScriptedHost {
  readonly url: string;
  /** Of a session whose sandbox was asked for. */
  agentOf(sessionId: string): ScriptedAgent;
  close(): Promise<void>;
}

const SANDBOXES_MAX = 2_000;

/** @param folder for the journals of the runtimes */
export async function startScriptedHost(secret: string, folder: string): Promise<ScriptedHost> {
  mkdirSync(folder, { recursive: true });
  const agents = new Map<string, ScriptedAgent>();
  const runtimes = new Set<Runtime>();
  const start = ({ id, sessionId, epoch, link }: SandboxSpec): (() => void) => {
    const agent = new ScriptedAgent();
    agents.set(sessionId, agent);
    const runtime = new Runtime({
      agent,
      journal: new Journal(new FileLog(join(folder, `${id}.jsonl`))),
      dial: dialer(link.url, link.token),
      clock: systemClock,
      random: Math.random,
      epoch,
      workFolder: folder,
      token: link.token,
      inspectWorkspace: async () => ({}),
      over: () => runtimes.delete(runtime),
    });
    runtimes.add(runtime);
    runtime.start();
    return () => void runtime.stop();
  };
  const provider = new InMemorySandboxProvider({ now: Date.now, backend: "process", sandboxesMax: SANDBOXES_MAX, onStart: start });
  const { backend, capabilities } = provider;
  const report = { backend, isolation: "memory", capabilities, reason: null, fix: null } as const;
  const machine = {
    discover: async () => [],
    reveal: () => Promise.reject(new Error("nothing is found here")),
    gitIdentity: async () => null,
    inspectFolder: () => Promise.reject(new Error("there is no folder here")),
  };
  const server = createHostServer({ providers: [provider], reports: [report], machine, secret, now: Date.now, log: () => undefined });
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    agentOf: (sessionId) => {
      const agent = agents.get(sessionId);
      if (!agent) throw new Error(`there is no sandbox of ${sessionId}`);
      return agent;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.all([...runtimes].map((runtime) => runtime.stop()));
    },
  };
}
