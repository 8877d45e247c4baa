/** An instance of Berth whose sandboxes are the real runtime around a {@link ScriptedAgent}, with viewers beside it. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SessionClient } from "@berth/sdk";
import { freePort } from "../../packages/launcher/src/free-port.ts";
import { LocalState } from "../../packages/launcher/src/local-state.ts";
import type { Stack } from "../../packages/launcher/src/stack.ts";
import { startOwnInstance, type OwnInstance } from "../journeys/instance.ts";
import { World } from "../journeys/world.ts";
import type { ScriptedAgent } from "./scripted-agent.ts";
import { startScriptedHost, type ScriptedHost } from "./scripted-host.ts";
import { Inspector } from "./inspector.ts";
import { Viewers, type ViewerGroup } from "./viewers.ts";
import { cpuSeconds, privateMegabytes } from "./workerd.ts";

const IDLE_POLL_MS = 20;
const IDLE_WITHIN_MS = 60_000;
const QUIET_WINDOW_MS = 500;
/** Of one core: what workerd needs to say that it is there. */
const QUIET_CPU_SHARE = 0.05;
const QUIET_WITHIN_MS = 60_000;

export interface ScriptedSession {
  readonly client: SessionClient;
  readonly agent: ScriptedAgent;
  /** What its sandbox shows to the brokers. */
  readonly sandboxToken: string;
  /** One turn that plays what is given, until all of the viewers saw its run end. */
  turn(viewers: ViewerGroup, play: (messageId: string) => Promise<void> | void): Promise<void>;
}

export class Scripted {
  readonly stack: Stack;
  readonly viewers: Viewers;
  readonly world: World;
  readonly #instance: OwnInstance;
  readonly #host: ScriptedHost;
  readonly #inspector: Inspector | null;
  readonly #signal: AbortSignal;

  private constructor(instance: OwnInstance, host: ScriptedHost, inspector: Inspector | null, signal: AbortSignal) {
    this.#signal = signal;
    this.viewers = new Viewers(signal);
    this.#instance = instance;
    this.#host = host;
    this.#inspector = inspector;
    this.stack = instance.stack;
    this.world = new World(this.stack.url, this.stack.apiKey);
  }

  /**
   * @param inspected whether workerd can be looked into
   * @param modelUrl a server in the place of the demo model
   */
  static async start(signal: AbortSignal, inspected: boolean, modelUrl?: string): Promise<Scripted> {
    const hosts: ScriptedHost[] = [];
    const inspectorPort = inspected ? await freePort() : undefined;
    try {
      const instance = await startOwnInstance("local", async (dataDir) => {
        const { sandboxHostSecret } = new LocalState(dataDir).secrets();
        const host = await startScriptedHost(sandboxHostSecret, join(dataDir, "journals"));
        hosts.push(host);
        const vars = modelUrl === undefined ? {} : { DEMO_MODEL_URL: modelUrl };
        return { sandboxHostUrl: host.url, signal, vars, ...(inspectorPort !== undefined && { inspectorPort }) };
      }, modelUrl === undefined ? {} : { allowOrigins: [modelUrl] });
      const inspector = inspectorPort === undefined ? null : await Inspector.connect(inspectorPort);
      return new Scripted(instance, hosts[0] as ScriptedHost, inspector, signal);
    } catch (error) {
      for (const host of hosts) await host.close();
      throw error;
    }
  }

  /** A new session, idle and with a warm link. */
  async session(): Promise<ScriptedSession> {
    const client = await this.world.open();
    const deadline = performance.now() + IDLE_WITHIN_MS;
    while ((await client.get()).status !== "idle") {
      if (performance.now() > deadline) throw new Error("the session did not become idle");
      await delay(IDLE_POLL_MS, null, { signal: this.#signal });
    }
    const { agent, sandboxToken } = this.#host.sandboxOf(client.id);
    const turn: ScriptedSession["turn"] = async (viewers, play) => {
      const played = Promise.withResolvers<void>();
      agent.onPrompt = async ({ messageId }) => {
        try {
          agent.startTurn(messageId);
          await play(messageId);
          agent.endTurn(messageId);
          played.resolve();
        } catch (error) {
          played.reject(error);
        }
      };
      const { id } = await client.send("go");
      await played.promise;
      await viewers.ended(id);
    };
    return { client, agent, sandboxToken, turn };
  }

  watch(session: ScriptedSession, count: number, after = 0): Promise<ViewerGroup> {
    return this.viewers.open(this.stack, session.client.id, count, after);
  }

  /** Resolves when workerd has nothing to do any more, and with the CPU seconds it has used by then. */
  async quiet(): Promise<number> {
    const deadline = performance.now() + QUIET_WITHIN_MS;
    for (let before = cpuSeconds(this.stack); ; ) {
      await delay(QUIET_WINDOW_MS, null, { signal: this.#signal });
      const now = cpuSeconds(this.stack);
      if (now - before <= (QUIET_CPU_SHARE * QUIET_WINDOW_MS) / 1000) return now;
      if (performance.now() > deadline) throw new Error("workerd does not come to rest");
      before = now;
    }
  }

  /** Memory of workerd in MB, once it has come to rest and what nobody needs is given back, as far as it can be made to. */
  async restingMegabytes(): Promise<number> {
    await this.quiet();
    await this.#inspector?.collectGarbage();
    await this.quiet();
    return privateMegabytes(this.stack);
  }

  /** Writes a CPU profile of workerd for the time that `work` takes, where it can be looked into. */
  async record<T>(file: string, work: () => Promise<T>): Promise<T> {
    return this.#inspector ? this.#inspector.record(file, work) : work();
  }

  async close(): Promise<void> {
    this.#inspector?.close();
    this.viewers.close();
    await this.#instance.stop();
    await this.#host.close();
  }
}
