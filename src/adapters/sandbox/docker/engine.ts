/** The container engine as this backend uses it: few calls, each with a deadline, errors classified. Never retries. */
import type { Duplex } from "node:stream";
import Docker from "dockerode";
import { refusal } from "../session-folders/errors.ts";
import { classifyEngine, isNotRunning } from "./errors.ts";

export type ContainerOptions = Docker.ContainerCreateOptions;
export type ContainerFacts = Docker.ContainerInspectInfo;

export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isRunning: boolean;
}

export interface ExecRequestInside {
  readonly command: readonly string[];
  readonly environment: readonly string[];
}

const CALL_MS = 20_000;
/** Unpacking nothing, but a busy engine may take its time. */
const START_MS = 60_000;
const LOG_LINES = 20;

export class Engine {
  readonly #docker: Docker;

  constructor(socketPath: string) {
    this.#docker = new Docker({ socketPath });
  }

  /** Its version, processors and what it says of its security. */
  async info(): Promise<{ readonly version: string; readonly cpus: number; readonly securityOptions: readonly string[]; readonly runtimes: readonly string[] }> {
    const found = (await this.#call("info", CALL_MS, () => this.#docker.info())) as {
      readonly ServerVersion: string;
      readonly NCPU: number;
      readonly SecurityOptions?: readonly string[] | null;
      readonly Runtimes?: Readonly<Record<string, unknown>> | null;
    };
    return { version: found.ServerVersion, cpus: found.NCPU, securityOptions: found.SecurityOptions ?? [], runtimes: Object.keys(found.Runtimes ?? {}) };
  }

  /** Null when there is none. */
  async imageId(image: string): Promise<string | null> {
    return this.#call("image", CALL_MS, () => this.#docker.getImage(image).inspect().then(({ Id }) => Id, absent(null)));
  }

  async hasImage(image: string): Promise<boolean> {
    return (await this.imageId(image)) !== null;
  }

  async create(name: string, options: ContainerOptions): Promise<void> {
    await this.#call("create", CALL_MS, () => this.#docker.createContainer({ ...options, name }));
  }

  /** Its input, to be taken before it starts. */
  async attachInput(name: string): Promise<Duplex> {
    const options = { stream: true, stdin: true, hijack: true };
    return (await this.#call("create", CALL_MS, () => this.#docker.getContainer(name).attach(options))) as Duplex;
  }

  async start(name: string): Promise<void> {
    await this.#call("create", START_MS, () => this.#docker.getContainer(name).start());
  }

  async rename(name: string, to: string): Promise<void> {
    await this.#call("create", CALL_MS, () => this.#docker.getContainer(name).rename({ name: to }));
  }

  /** Null when there is none. */
  async inspect(name: string): Promise<ContainerFacts | null> {
    return this.#call("describe", CALL_MS, () => this.#docker.getContainer(name).inspect().then((facts) => facts, absent(null)));
  }

  async list(labels: Readonly<Record<string, string>>): Promise<readonly ListedContainer[]> {
    const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const found = await this.#call("list", CALL_MS, () => this.#docker.listContainers({ all: true, filters: { label } }));
    return found.map(({ Id, Names, Labels, State }) => ({ id: Id, name: (Names[0] ?? "").replace(/^\//, ""), labels: Labels, isRunning: ["running", "paused", "restarting"].includes(State) }));
  }

  /** Asks it to end, kills it after the grace, and removes it. One that is gone is no error. */
  async end(container: string, graceMs: number): Promise<void> {
    const found = this.#docker.getContainer(container);
    if (graceMs > 0) await this.#call("stop", CALL_MS + graceMs, () => found.stop({ t: Math.ceil(graceMs / 1_000) }).catch(unlessEnded));
    await this.#call("stop", CALL_MS, () => found.remove({ force: true, v: true }).catch(unlessEnded));
  }

  /** What it wrote last; empty when there is nothing to be had. */
  async lastLog(name: string): Promise<string> {
    const options = { stdout: true, stderr: true, tail: LOG_LINES, follow: false } as const;
    const framed = await this.#call("describe", CALL_MS, () => this.#docker.getContainer(name).logs(options)).catch(() => Buffer.alloc(0));
    return unframed(Buffer.isBuffer(framed) ? framed : Buffer.alloc(0));
  }

  /**
   * Both outputs in the engine's frames; what is written to it is the command's input.
   * @throws what the engine said, unclassified, when the container does not run and nothing was begun: see `isNotRunning`
   */
  async exec(name: string, { command, environment }: ExecRequestInside): Promise<Duplex> {
    const options = { Cmd: [...command], Env: [...environment], AttachStdin: true, AttachStdout: true, AttachStderr: true };
    const made = await withDeadline("exec", CALL_MS, this.#docker.getContainer(name).exec(options));
    return withDeadline("exec", CALL_MS, made.start({ hijack: true, stdin: true })).catch((raw: unknown) => {
      if (isNotRunning(raw)) throw refusal("exec", "The sandbox ended while the command ran.", { code: "canceled", outcome: "unknown", cause: raw });
      throw classifyEngine("exec", raw);
    });
  }

  /** Takes the engine's frames apart. */
  demux(stream: Duplex, stdout: NodeJS.WritableStream, stderr: NodeJS.WritableStream): void {
    this.#docker.modem.demuxStream(stream, stdout, stderr);
  }

  async #call<T>(operation: string, ms: number, call: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(operation, ms, call());
    } catch (error) {
      throw classifyEngine(operation, error);
    }
  }
}

/** An engine that hangs answers nothing at all. */
async function withDeadline<T>(operation: string, ms: number, call: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(refusal(operation, `The container engine did not answer within ${ms} ms.`, { code: "deadline-exceeded", outcome: "unknown", retry: "same-request" })), ms);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

function absent<T>(value: T): (raw: unknown) => T {
  return (raw) => {
    if ((raw as { readonly statusCode?: unknown } | null)?.statusCode === 404) return value;
    throw raw;
  };
}

/** 304: it had ended; 404: it is gone; 409: somebody else removes it just now. */
function unlessEnded(raw: unknown): void {
  if (isNotRunning(raw) || (raw as { readonly statusCode?: unknown } | null)?.statusCode === 304) return;
  throw raw;
}

const HEADER_BYTES = 8;

/** The text of the engine's frames, which have a header of eight bytes whose last four say how long the frame is. */
function unframed(framed: Buffer): string {
  const texts: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= framed.length; ) {
    const end = at + HEADER_BYTES + framed.readUInt32BE(at + 4);
    texts.push(framed.subarray(at + HEADER_BYTES, end));
    at = end;
  }
  return Buffer.concat(texts).toString("utf8");
}
