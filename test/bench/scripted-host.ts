/** A sandbox host in this process whose sandboxes are the real runtime around a {@link ScriptedAgent}. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createHostServer, listen } from "@berth/sandbox-host/server";
import { FileLog } from "../../packages/sandbox-runtime/src/append-log.ts";
import { systemClock } from "../../packages/sandbox-runtime/src/clock.ts";
import { Journal } from "../../packages/sandbox-runtime/src/journal.ts";
import { Runtime } from "../../packages/sandbox-runtime/src/runtime.ts";
import { dialer, type Dial } from "../../packages/sandbox-runtime/src/wire.ts";
import type { LocalMachine } from "../../src/core/machine/local-machine.ts";
import type { SandboxSpec } from "../../src/ports/sandbox/sandbox.port.ts";
import { InMemorySandboxProvider } from "../../src/ports/sandbox/sandbox.fake.ts";
import { ScriptedAgent } from "./scripted-agent.ts";

/** Tells the agent when a prompt has come to the runtime, which still has to put it on its disk. */
function heard(dial: Dial, agent: ScriptedAgent): Dial {
  return (listener) =>
    dial({
      opened: () => listener.opened(),
      alive: () => listener.alive(),
      closed: (code) => listener.closed(code),
      frame: (frame) => {
        if (frame.type === "down" && frame.body.type === "prompt") agent.onPromptReceived();
        listener.frame(frame);
      },
    });
}

export interface ScriptedSandbox {
  readonly agent: ScriptedAgent;
  readonly sandboxToken: string;
}

export interface ScriptedHost {
  readonly url: string;
  /** Of a session whose sandbox was asked for. */
  sandboxOf(sessionId: string): ScriptedSandbox;
  close(): Promise<void>;
}

const SANDBOXES_MAX = 2_000;

/** Offers nothing of its own to sessions. */
export const BARE_MACHINE: LocalMachine = {
  discover: async () => [],
  reveal: () => Promise.reject(new Error("nothing is found here")),
  gitIdentity: async () => null,
  inspectFolder: () => Promise.reject(new Error("there is no folder here")),
};

/** @param folder for the journals of the runtimes */
export async function startScriptedHost(secret: string, folder: string): Promise<ScriptedHost> {
  mkdirSync(folder, { recursive: true });
  const sandboxes = new Map<string, ScriptedSandbox>();
  const runtimes = new Set<Runtime>();
  const start = ({ id, sessionId, epoch, link }: SandboxSpec): (() => void) => {
    const agent = new ScriptedAgent();
    sandboxes.set(sessionId, { agent, sandboxToken: link.token });
    const runtime = new Runtime({
      agent,
      journal: new Journal(new FileLog(join(folder, `${id}.jsonl`))),
      dial: heard(dialer(link.url, link.token), agent),
      clock: systemClock,
      random: Math.random,
      epoch,
      workFolder: folder,
      token: link.token,
      linkUrl: link.url,
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
  const server = createHostServer({ providers: [provider], reports: [report], machine: BARE_MACHINE, secret, now: Date.now, log: () => undefined });
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    sandboxOf: (sessionId) => {
      const sandbox = sandboxes.get(sessionId);
      if (!sandbox) throw new Error(`there is no sandbox of ${sessionId}`);
      return sandbox;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.all([...runtimes].map((runtime) => runtime.stop()));
    },
  };
}
