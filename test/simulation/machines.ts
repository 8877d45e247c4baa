/** The sandboxes of a world: in each the real runtime with the scripted agent, which can be killed, restarted and robbed of its disk. */
import type { SandboxMeasurement } from "@berth/protocol";
import type { Checkpointer } from "../../packages/sandbox-runtime/src/checkpoint/checkpointer.ts";
import { Journal, type JournalLog } from "../../packages/sandbox-runtime/src/journal.ts";
import { Runtime } from "../../packages/sandbox-runtime/src/runtime.ts";
import type { WireListener } from "../../packages/sandbox-runtime/src/wire.ts";
import type { BlobStore } from "../../src/ports/blob-store/blob-store.port.ts";
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { PortError } from "../../src/core/kernel/port-error.ts";
import { InMemorySandboxProvider } from "../../src/ports/sandbox/sandbox.fake.ts";
import type { SandboxProvider, SandboxSpec } from "../../src/ports/sandbox/sandbox.port.ts";
import { ScriptedAgent } from "./agent.ts";
import { SimCheckpointer, type SandboxDisk, type Saved } from "./checkpoints.ts";
import type { SimObject } from "./object.ts";
import type { Wire } from "./wire.ts";
import type { World } from "./world.ts";

/** Of a network that swallows everything. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface MachineOutside {
  readonly world: World;
  readonly object: () => SimObject;
  readonly agentFaults: FaultScript;
  readonly blobs: BlobStore;
  readonly saved: Saved;
  modelCall(token: string): Promise<boolean>;
  /** The runtime ended by itself. */
  ended(id: string): void;
}

export class Machine {
  readonly backend: string;
  readonly spec: SandboxSpec;
  readonly #o: MachineOutside;
  readonly #disk: SandboxDisk;
  #lines: string[] = [];
  #generation = 0;
  #agent: ScriptedAgent | null = null;
  #runtime: Runtime | null = null;
  wire: Wire | null = null;
  #diskFullUntilMs = 0;
  #isolatedUntilMs = 0;
  /** Not kept as its backend declares. */
  #isKeptOtherwise = false;

  constructor(backend: string, spec: SandboxSpec, outside: MachineOutside, disk: SandboxDisk) {
    this.backend = backend;
    this.spec = spec;
    this.#o = outside;
    this.#disk = disk;
  }

  /** Its journal has something of the session in it. */
  get wasTold(): boolean {
    return this.#lines.length > 0;
  }

  get isRunning(): boolean {
    return this.#runtime !== null;
  }

  get isInTurn(): boolean {
    return this.#agent?.isInTurn ?? false;
  }

  boot(): void {
    this.#generation += 1;
    const generation = this.#generation;
    const { world, agentFaults } = this.#o;
    const isAlive = (): boolean => this.#generation === generation && this.#runtime !== null;
    const guarded = (run: () => void): void => {
      if (!isAlive()) return;
      try {
        run();
      } catch (error) {
        world.say("the runtime crashes", String(error));
        this.kill();
        this.#o.ended(this.spec.id);
      }
    };
    const log: JournalLog = {
      lines: [...this.#lines],
      append: (lines) => {
        if (world.time.now() < this.#diskFullUntilMs) throw new Error("ENOSPC: no space left on device");
        this.#lines.push(...lines);
      },
      rewrite: (lines) => {
        this.#lines = [...lines];
      },
    };
    const agent = new ScriptedAgent({ world, epoch: this.spec.epoch, memory: () => this.#disk.agent, faults: agentFaults, modelCall: () => this.#o.modelCall(this.spec.link.token) });
    this.#agent = agent;
    const checkpointer = new SimCheckpointer(world, this.#o.blobs, this.#o.saved, this.#disk, guarded);
    const runtime = new Runtime({
      agent,
      journal: new Journal(log),
      dial: (listener) => this.#dial(guardedListener(listener, guarded)),
      clock: { now: () => world.time.now(), after: (ms, run) => world.time.after(ms, () => guarded(run)) },
      random: () => world.prng.next(),
      epoch: this.spec.epoch,
      workFolder: "/workspace",
      token: this.spec.link.token,
      linkUrl: this.spec.link.url,
      ...(world.measures ? { measurePolicy: () => this.#measure() } : {}),
      inspectWorkspace: async () => ({ branch: "main", base: "0".repeat(40) }),
      checkpointer: checkpointer as unknown as Checkpointer,
      over: () => {
        if (!isAlive()) return;
        this.kill();
        this.#o.ended(this.spec.id);
      },
    });
    this.#runtime = runtime;
    runtime.start();
  }

  /** The process ends without a word. */
  kill(): void {
    this.#generation += 1;
    this.#runtime = null;
    this.#agent?.vanish();
    this.wire?.abandon();
    this.wire = null;
  }

  /** It is started again in the same sandbox, with its journal or without. */
  restart(keepsJournal: boolean): void {
    this.kill();
    if (!keepsJournal) this.#lines = [];
    this.boot();
  }

  /** The agent's process ends, in a turn or between two. */
  runsOutOfRoom(): void {
    this.#agent?.runsOutOfRoom();
  }

  agentDies(): boolean {
    this.#agent?.die();
    return this.#agent !== null;
  }

  async #measure(): Promise<SandboxMeasurement> {
    const { world } = this.#o;
    if (world.takes("runtime:measure:fails")) throw new Error("EACCES: permission denied, open '/proc/self/mountinfo'");
    if (world.takes("sandbox:kept-otherwise")) this.#isKeptOtherwise = true;
    if (this.#isKeptOtherwise) world.records.keptOtherwise.set(this.spec.epoch, world.time.now());
    return { writable: this.#isKeptOtherwise ? ["/workspace", "/etc"] : ["/workspace"], capabilities: [], noNewPrivileges: true };
  }

  /** Nothing of it gets through, and it does not notice. */
  isolate(untilMs: number): void {
    this.#isolatedUntilMs = untilMs;
    if (this.wire && untilMs > 0) this.wire.isHalfOpen = true;
  }

  /** Beside its turns, as for a title. */
  callModel(): boolean {
    if (!this.isRunning) return false;
    void this.#o.modelCall(this.spec.link.token);
    return true;
  }

  heal(): void {
    this.#diskFullUntilMs = 0;
    this.#isolatedUntilMs = 0;
    if (this.wire?.isHalfOpen) this.wire.heal();
  }

  fillDisk(untilMs: number): void {
    this.#diskFullUntilMs = untilMs;
  }

  #dial(listener: WireListener): Pick<Wire, "send" | "ping" | "close"> {
    let opened: Wire | null = null;
    let isClosed = false;
    const { world } = this.#o;
    if (world.time.now() < this.#isolatedUntilMs) world.time.after(CONNECT_TIMEOUT_MS, () => !isClosed && listener.closed(1006));
    else world.traffic.once("dial", () => {
      if (isClosed) return;
      void this.#o.object().openLink(this.spec.link.token, listener).then((wire) => {
        opened = wire;
        this.wire = wire;
        if (isClosed) wire?.abandon();
      });
    });
    return {
      send: (frame) => opened?.send(frame),
      ping: () => opened?.ping(),
      close: () => {
        isClosed = true;
        if (opened) opened.close();
        else listener.closed(1006);
      },
    };
  }
}

function guardedListener(listener: WireListener, guarded: (run: () => void) => void): WireListener {
  return {
    opened: () => guarded(() => listener.opened()),
    frame: (frame) => guarded(() => listener.frame(frame)),
    alive: () => guarded(() => listener.alive()),
    closed: (code) => guarded(() => listener.closed(code)),
  };
}

function emptyDisk(): SandboxDisk {
  return { agent: { turns: new Map(), titled: false }, isFresh: true };
}

export class Machines {
  readonly running = new Map<string, Machine>();
  /** Stopped as their backend says, and not yet gone. */
  readonly #lingering = new Set<Machine>();
  readonly backends = new Map<string, InMemorySandboxProvider>();
  readonly #outside: MachineOutside;
  readonly #world: World;
  #disk: SandboxDisk = emptyDisk();

  constructor(outside: Omit<MachineOutside, "ended">, names: readonly string[], faults: FaultScript) {
    this.#world = outside.world;
    this.#outside = { ...outside, ended: (id) => this.#ended(id) };
    for (const backend of names) {
      const provider = new InMemorySandboxProvider({ now: outside.world.time.now, backend, onStart: (spec) => this.#start(backend, spec) });
      this.backends.set(backend, Object.assign(provider, { faults }));
    }
  }

  get newest(): Machine | null {
    return [...this.running.values()].toSorted((a, b) => b.spec.epoch - a.spec.epoch)[0] ?? null;
  }

  /** One that its backend calls stopped goes on. */
  get isAnyLingering(): boolean {
    return [...this.#lingering].some((machine) => machine.isRunning);
  }

  /** What is wrong with their disks and networks is over. */
  heal(): void {
    for (const machine of [...this.running.values(), ...this.#lingering]) machine.heal();
  }

  providers(): ReadonlyMap<string, SandboxProvider> {
    return new Map([...this.backends].map(([name, provider]) => [name, this.#faulty(provider)]));
  }

  /** Epoch of a sandbox that is not the held one and takes part of the machine all the same; null when there is none. */
  async leaked(heldEpoch: number): Promise<number | null> {
    for (const provider of this.backends.values()) {
      for (const { epoch, phase } of await provider.list({})) {
        if ((phase === "running" || phase === "accepted") && epoch !== heldEpoch) return epoch;
      }
    }
    return null;
  }

  /** The sandbox ends by itself; with its disk the agent's memory goes too. */
  lose(machine: Machine, keepsDisk: boolean): void {
    if (!keepsDisk) this.#disk = emptyDisk();
    this.#ended(machine.spec.id);
  }

  #start(backend: string, spec: SandboxSpec): () => void {
    const machine = new Machine(backend, spec, this.#outside, this.#disk);
    this.running.set(spec.id, machine);
    machine.boot();
    return () => {
      this.running.delete(spec.id);
      // Its backend calls it stopped, and its processes go on for a while.
      if (!this.#world.takes("sandbox:stop:lingers")) return machine.kill();
      this.#lingering.add(machine);
      this.#world.time.after(120_000, () => {
        this.#lingering.delete(machine);
        machine.kill();
      });
    };
  }

  #ended(id: string): void {
    const machine = this.running.get(id);
    if (!machine) return;
    this.backends.get(machine.backend)?.kill(id);
  }

  #faulty(provider: InMemorySandboxProvider): SandboxProvider {
    const world = this.#world;
    return {
      backend: provider.backend,
      isolation: provider.isolation,
      capabilities: provider.capabilities,
      create: async (spec) => {
        const made = await provider.create(spec);
        return world.takes("sandbox:create:delivered-twice") ? provider.create(spec) : made;
      },
      describe: (id) => provider.describe(id),
      stop: async (id) => {
        if (world.takes("sandbox:stop:lost")) throw lost("stop");
        await provider.stop(id);
      },
      destroy: async (id) => {
        if (world.takes("sandbox:destroy:lost")) throw lost("destroy");
        await provider.destroy(id);
        if (world.takes("sandbox:destroy:twice")) await provider.destroy(id);
      },
      applyWork: async (id, { branch }) => {
        await provider.describe(id);
        return { branch, commit: "c".repeat(40), filesChanged: 1 };
      },
      list: (filter) => provider.list(filter),
      exec: (id, request) => provider.exec(id, request),
      readFile: (id, path) => provider.readFile(id, path),
      writeFile: (id, path, bytes) => provider.writeFile(id, path, bytes),
      describePolicy: async (id) => {
        try {
          if (world.takes("sandbox:describePolicy:lost")) throw lost("describePolicy");
          return await provider.describePolicy(id);
        } catch (error) {
          world.records.undeclared.add(Number(id.split("-").at(-1)));
          throw error;
        }
      },
    };
  }
}

function lost(operation: string): PortError {
  return new PortError({ port: "sandbox", operation, code: "deadline-exceeded", outcome: "not-applied", retry: "same-request", message: `the ${operation} was lost` });
}
