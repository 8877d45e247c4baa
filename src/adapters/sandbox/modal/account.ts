/**
 * Modal as this backend uses it: few calls, each with a deadline, errors classified. The SDK itself sends a call again that
 * broke off, with one key for all its tries; nothing here does.
 */
import { ModalClient, type App, type ContainerProcess, type Image, type Sandbox, type SandboxCreateParams } from "modal";
import { withDeadline } from "./deadline.ts";
import { classifyModal } from "./errors.ts";
import type { Tags } from "./tags.ts";

export interface AccountOptions {
  readonly tokenId: string;
  readonly tokenSecret: string;
  /** Of the workspace; absent: its usual one. */
  readonly environment?: string;
  /** Sandboxes belong to it; made when it is not there. */
  readonly appName: string;
  readonly log: (entry: { readonly event: string; readonly [field: string]: unknown }) => void;
}

/** A sandbox as Modal lists it. */
export type SandboxFacts = Awaited<ReturnType<ModalClient["cpClient"]["sandboxListV2"]>>["sandboxes"][number];
type SandboxResult = NonNullable<Awaited<ReturnType<ModalClient["cpClient"]["sandboxWaitV2"]>>["result"]>;

export type CreateRequest = Omit<SandboxCreateParams, "tags"> & { readonly tags: Tags };

const FORGOTTEN = "Modal does not know it any more";
const CALL_MS = 20_000;
/** It may be built first, once for each version. */
const BUILD_MS = 600_000;
const LONG_POLL_S = 10;
/** A message of gRPC may be no larger than four megabytes. */
const CHUNK_BYTES = 256 * 1024;

export class Account {
  readonly #client: ModalClient;
  readonly #options: AccountOptions;
  /** Each holds its connection to the machine that runs it. */
  readonly #handles = new Map<string, Promise<Sandbox>>();
  readonly #inputs = new Map<string, WritableStreamDefaultWriter<unknown>>();
  #app: Promise<App> | null = null;

  constructor(options: AccountOptions) {
    const { tokenId, tokenSecret, environment, log } = options;
    const quiet = (): void => undefined;
    const tell = (message: string): void => log({ event: "modal-said", message });
    this.#client = new ModalClient({ tokenId, tokenSecret, ...(environment === undefined ? {} : { environment }), logger: { debug: quiet, info: quiet, warn: tell, error: tell } });
    this.#options = options;
  }

  /** Modal's older sandboxes have neither names that outlive them nor snapshots at their end. */
  get isSecondVersion(): boolean {
    return this.#client.profile.sandboxV2;
  }

  get serverUrl(): string {
    return this.#client.profile.serverUrl;
  }

  app(): Promise<App> {
    const { appName, environment } = this.#options;
    const params = { createIfMissing: true, ...(environment === undefined ? {} : { environment }) };
    this.#app ??= this.#call("app", () => this.#client.apps.fromName(appName, params)).catch((error: unknown) => {
      this.#app = null;
      throw error;
    });
    return this.#app;
  }

  /** Of a registry, with the name of a secret at Modal that lets it in; and built on as the commands say. */
  async image(tag: string, { secret, commands }: { readonly secret?: string; readonly commands: readonly string[] }): Promise<Image> {
    const app = await this.app();
    return this.#call("image", async () => {
      const credentials = secret === undefined ? undefined : await this.#client.secrets.fromName(secret);
      return this.#client.images.fromRegistry(tag, credentials).dockerfileCommands([...commands]).build(app);
    }, BUILD_MS);
  }

  imageOf(imageId: string): Promise<Image> {
    return this.#client.images.fromId(imageId);
  }

  /** One that is gone is no error. */
  async deleteImage(imageId: string): Promise<void> {
    await this.#call("image", () => this.#client.images.delete(imageId)).catch(unlessGone);
  }

  /** @returns Modal's own name of it */
  async create(image: Image, { tags, ...params }: CreateRequest): Promise<string> {
    const app = await this.app();
    const made = await this.#call("create", () => this.#client.sandboxes.experimentalCreate(app, image, { ...params, tags: { ...tags } }));
    this.#handles.set(made.sandboxId, Promise.resolve(made));
    return made.sandboxId;
  }

  /** Of one that runs. @throws PortError `not-found` */
  async byName(name: string): Promise<string> {
    const { appName, environment } = this.#options;
    return (await this.#call("describe", () => this.#client.sandboxes.experimentalFromName(appName, name, environment === undefined ? {} : { environment }))).sandboxId;
  }

  /** Those that run and have at least these tags. */
  async list(tags: Tags): Promise<readonly SandboxFacts[]> {
    const { appId } = await this.app();
    const asked = Object.entries(tags).map(([tagName, tagValue]) => ({ tagName, tagValue }));
    const found: SandboxFacts[] = [];
    for (let beforeTimestamp: number | undefined; ; ) {
      const before = beforeTimestamp === undefined ? {} : { beforeTimestamp };
      const { sandboxes } = await this.#call("list", () => this.#client.cpClient.sandboxListV2({ appId, includeFinished: false, tags: asked, ...before }));
      const oldest = sandboxes.at(-1);
      if (oldest === undefined) return found;
      found.push(...sandboxes);
      beforeTimestamp = oldest.createdAt;
    }
  }

  async setTags(sandbox: string, tags: Tags): Promise<void> {
    await this.#call("create", async () => (await this.#handle(sandbox)).setTags({ ...tags }));
  }

  /** In words, for people; null while it runs. */
  async howEnded(sandbox: string): Promise<string | null> {
    const said = await this.#wait(sandbox, 0);
    if (said === null) return FORGOTTEN;
    return said.result === undefined ? null : wordsOf(said.result);
  }

  /** Over when it has ended, or Modal does not know it any more. */
  async untilEnded(sandbox: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const said = await this.#wait(sandbox, LONG_POLL_S, signal);
      if (said === null || said.result !== undefined) return;
    }
  }

  async terminate(sandbox: string): Promise<void> {
    await this.#call("stop", async () => (await this.#handle(sandbox)).terminate()).catch(unlessGone);
  }

  /** Lets its connection go. */
  async release(sandbox: string): Promise<void> {
    const handle = this.#handles.get(sandbox);
    this.#handles.delete(sandbox);
    this.#inputs.delete(sandbox);
    await handle?.then((open) => open.detach(), () => undefined);
  }

  /** Its files as they were when it ended. @throws PortError `not-found` when there will be none, `deadline-exceeded` when there is none yet */
  async exitSnapshot(sandbox: string, timeoutMs: number): Promise<Image> {
    return this.#call("readFile", async () => (await this.#handle(sandbox)).experimentalGetExitSnapshot({ timeoutMs }), timeoutMs + CALL_MS);
  }

  /** To the program that it was started with; may be called again until it ends the input. */
  async writeInput(sandbox: string, bytes: Uint8Array, isEnd: boolean): Promise<void> {
    const input = this.#inputs.get(sandbox) ?? ((await this.#handle(sandbox)).stdin.getWriter() as WritableStreamDefaultWriter<unknown>);
    this.#inputs.set(sandbox, input);
    // One message each: the deadline is for one, however large the whole is.
    for (const chunk of chunksOf(bytes)) await this.#call("create", () => input.write(chunk), BUILD_MS);
    if (isEnd) await this.#call("create", () => input.close());
  }

  async exec(sandbox: string, command: readonly string[]): Promise<ContainerProcess<Uint8Array>> {
    return this.#call("exec", async () => (await this.#handle(sandbox)).exec([...command], { mode: "binary" }));
  }

  /** Null when Modal does not know it. */
  #wait(sandbox: string, timeout: number, signal?: AbortSignal) {
    return this.#call("describe", () => this.#client.cpClient.sandboxWaitV2({ sandboxId: sandbox, timeout }, signal === undefined ? {} : { signal })).catch((error: unknown) => {
      unlessGone(error);
      return null;
    });
  }

  #handle(sandbox: string): Promise<Sandbox> {
    const known = this.#handles.get(sandbox);
    if (known) return known;
    const made = this.#client.sandboxes.fromId(sandbox);
    this.#handles.set(sandbox, made);
    return made;
  }

  async #call<T>(operation: string, call: () => Promise<T>, ms = CALL_MS): Promise<T> {
    try {
      return await withDeadline(operation, ms, call());
    } catch (error) {
      throw classifyModal(operation, error);
    }
  }
}

export function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

function unlessGone(error: unknown): void {
  if ((error as { readonly code?: unknown }).code !== "not-found") throw error;
}

function wordsOf({ status, exitcode, exception }: SandboxResult): string {
  const said = exception.trim() === "" ? "" : `: ${exception.trim().split("\n").at(-1) ?? ""}`;
  return (WORDS[status] ?? `exit code ${exitcode}`) + said;
}

/** By Modal's number of how something came to its end; what is not here ended by itself. */
const WORDS: Readonly<Record<number, string>> = {
  3: "Modal ended it",
  4: "its time at Modal was over",
  5: "Modal could not start it",
  8: "it used more memory than it may",
};
