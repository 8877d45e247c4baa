/** What the measurements run on: instances of Berth started by the first that needs one, and ended together. */
import { join } from "node:path";
import type { Berth, SessionClient, SessionStream } from "@berth/sdk";
import { LocalState } from "../../packages/launcher/src/local-state.ts";
import { startOwnInstance, type OwnInstance } from "../journeys/instance.ts";
import { SessionLog } from "../journeys/session-log.ts";
import { World } from "../journeys/world.ts";
import type { Row } from "./row.ts";
import type { ScriptedAgent } from "./scripted-agent.ts";
import { startScriptedHost, type ScriptedHost } from "./scripted-host.ts";

export interface Group {
  /** Ids of its rows, or what they begin with. */
  readonly ids: readonly string[];
  /** Takes many minutes: measured only when `--only` names it. */
  readonly onDemand?: boolean;
  run(bench: Bench): Promise<Row[]>;
}

/** A session whose agent is scripted, watched over one WebSocket. */
export interface ScriptedSession extends Disposable {
  readonly session: SessionClient;
  readonly agent: ScriptedAgent;
  readonly log: SessionLog;
  readonly stream: SessionStream;
}

interface Scripted {
  readonly instance: OwnInstance;
  readonly host: ScriptedHost;
}

export class Bench {
  readonly signal: AbortSignal;
  #scripted: Promise<Scripted> | null = null;
  #real: Promise<OwnInstance> | null = null;
  #worlds: World[] = [];

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  /** With OpenCode in its sandboxes. */
  real(): Promise<OwnInstance> {
    return (this.#real ??= startOwnInstance("local", () => ({ signal: this.signal })));
  }

  /** With {@link ScriptedAgent}s. */
  async scriptedWorld(): Promise<{ readonly world: World; readonly instance: OwnInstance; readonly host: ScriptedHost }> {
    const { instance, host } = await (this.#scripted ??= this.#startScripted());
    return { world: this.#world(instance), instance, host };
  }

  async realWorld(): Promise<{ readonly world: World; readonly berth: Berth }> {
    const world = this.#world(await this.real());
    return { world, berth: world.berth };
  }

  /** Ready for a prompt. */
  async scriptedSession(): Promise<ScriptedSession> {
    const { world, host } = await this.scriptedWorld();
    const session = await world.open();
    const { log, stream } = SessionLog.stream(session, this.signal);
    await log.until("the session to be idle", () => log.transcript.status === "idle");
    const dispose = (): void => log[Symbol.dispose]();
    return { session, agent: host.agentOf(session.id), log, stream, [Symbol.dispose]: dispose };
  }

  async close(): Promise<void> {
    await this.#endReal();
    const scripted = await this.#scripted?.catch(() => null);
    if (!scripted) return;
    await this.#leave(scripted.instance);
    await scripted.instance.stop();
    await scripted.host.close();
  }

  async #endReal(): Promise<void> {
    const real = await this.#real?.catch(() => null);
    this.#real = null;
    if (!real) return;
    await this.#leave(real);
    await real.stop();
  }

  /** Removes the sessions that were opened there. */
  async #leave({ stack }: OwnInstance): Promise<void> {
    for (const world of this.#worlds.filter(({ url }) => url === stack.url)) await world.close();
    this.#worlds = this.#worlds.filter(({ url }) => url !== stack.url);
  }

  #world({ stack }: OwnInstance): World {
    const known = this.#worlds.find(({ url }) => url === stack.url);
    if (known) return known;
    const world = new World(stack.url, stack.apiKey);
    this.#worlds.push(world);
    return world;
  }

  async #startScripted(): Promise<Scripted> {
    // One instance at a time, so that neither is in the other's figures.
    await this.#endReal();
    let host: ScriptedHost | null = null;
    try {
      const instance = await startOwnInstance("local", async (dataDir) => {
        const state = new LocalState(dataDir);
        host = await startScriptedHost(state.secrets().sandboxHostSecret, join(dataDir, "journals"));
        return { sandboxHostUrl: host.url, signal: this.signal };
      });
      return { instance, host: host as unknown as ScriptedHost };
    } catch (error) {
      await (host as ScriptedHost | null)?.close();
      throw error;
    }
  }
}

