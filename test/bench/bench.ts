/** What the measurements run on: instances of Berth started by the first that needs one, one at a time. */
import { join } from "node:path";
import type { Berth } from "@berth/sdk";
import { startOwnInstance, type OwnInstance } from "../journeys/instance.ts";
import { World } from "../journeys/world.ts";
import type { Row } from "./row.ts";
import { Scripted } from "./scripted.ts";

export interface Group {
  /** Ids of its rows, or what they begin with. */
  readonly ids: readonly string[];
  /** Not one of the figures that Berth promises: measured only when `--only` names it. */
  readonly onDemand?: boolean;
  /** @param wants whether a row of this id was asked for */
  run(bench: Bench, wants: (id: string) => boolean): Promise<Row[]>;
}

export class Bench {
  readonly signal: AbortSignal;
  readonly #profileFolder: string | null;
  #scripted: Scripted | null = null;
  #real: { readonly instance: OwnInstance; readonly world: World } | null = null;

  /** @param profileFolder where profiles of workerd are put; null makes none */
  constructor(signal: AbortSignal, profileFolder: string | null) {
    this.signal = signal;
    this.#profileFolder = profileFolder;
  }

  /** With scripted agents. */
  async scripted(): Promise<Scripted> {
    if (this.#scripted) return this.#scripted;
    return this.freshScripted();
  }

  /** As {@link scripted}, on a new instance that nothing has run on. */
  async freshScripted(inspected = this.#profileFolder !== null, modelUrl?: string): Promise<Scripted> {
    await this.close();
    this.#scripted = await Scripted.start(this.signal, inspected, modelUrl);
    return this.#scripted;
  }

  /** What is measured for a row; with a folder for profiles, `<id>.cpuprofile` is written of it. */
  async record<T>(id: string, work: () => Promise<T>): Promise<T> {
    const folder = this.#profileFolder;
    return folder === null || !this.#scripted ? work() : this.#scripted.record(join(folder, `${id}.cpuprofile`), work);
  }

  /** With OpenCode in its sandboxes. */
  async real(): Promise<{ readonly instance: OwnInstance; readonly world: World; readonly berth: Berth }> {
    if (!this.#real) {
      await this.close();
      const instance = await startOwnInstance("local", () => ({ signal: this.signal }));
      this.#real = { instance, world: new World(instance.stack.url, instance.stack.apiKey) };
    }
    return { ...this.#real, berth: this.#real.world.berth };
  }

  async close(): Promise<void> {
    const [scripted, real] = [this.#scripted, this.#real];
    this.#scripted = null;
    this.#real = null;
    await scripted?.close();
    await real?.world.close();
    await real?.instance.stop();
  }
}
