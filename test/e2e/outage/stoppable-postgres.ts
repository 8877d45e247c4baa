/** The embedded PostgreSQL in a data folder of its own, which can be stopped and started again on its port. */
import { rmSync } from "node:fs";
import type { SupervisedChild } from "../../../packages/launcher/src/child.ts";
import { embeddedDatabase, embeddedUrl } from "../../../packages/launcher/src/database-url.ts";
import { freePort } from "../../../packages/launcher/src/free-port.ts";
import { LocalState } from "../../../packages/launcher/src/local-state.ts";
import { expectNoProcess, makeDataDir } from "../support/stack.ts";

export class StoppablePostgres {
  readonly url: string;
  readonly #state: LocalState;
  readonly #password: string;
  readonly #port: number;
  #server: SupervisedChild | null = null;

  private constructor(state: LocalState, password: string, port: number) {
    this.#state = state;
    this.#password = password;
    this.#port = port;
    this.url = embeddedUrl({ postgresPassword: password }, port);
  }

  static async create(): Promise<StoppablePostgres> {
    const state = new LocalState(makeDataDir());
    state.prepareFolder();
    const postgres = new StoppablePostgres(state, state.secrets().postgresPassword, await freePort());
    await postgres.start();
    return postgres;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    this.#server = embeddedDatabase(this.#state, this.#password, this.#port);
    await this.#server.start();
  }

  /** Resolves when nobody listens any more. */
  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = null;
  }

  async end(): Promise<void> {
    await this.stop();
    await expectNoProcess(this.#state.dataDir);
    rmSync(this.#state.dataDir, { recursive: true, force: true });
  }
}
