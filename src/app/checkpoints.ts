/**
 * The blobs of a session's checkpoints, as its sandbox stores and reads them. The token says whose they are: only the
 * session's current sandbox has one that is good, so that an older one neither writes nor reads.
 */
import { LIMITS } from "@berth/protocol";
import { isPortError } from "../core/kernel/port-error.ts";
import { brokerGrantOf, NOT_VALID } from "./broker-grant.ts";
import { refuse } from "./http/problem-error.ts";
import type { Services } from "./services.ts";
import type { SessionHandle } from "./session-handle.ts";
import { checkpointKey, type SessionName } from "./session/blob-keys.ts";

export type CheckpointDeps = Pick<Services, "sessions" | "blobs">;

export interface BlobPage {
  readonly items: readonly { readonly name: string; readonly bytes: number }[];
  readonly next: string | null;
}

const NAME = /^[a-z0-9_-][a-z0-9._-]{0,99}$/;
const CONTENT_TYPE = "application/octet-stream";
const PAGE = 1_000;

/** What a sandbox may do, once its token was believed. */
export class CheckpointBlobs {
  readonly #deps: CheckpointDeps;
  readonly #session: SessionName;
  readonly #token: string;

  private constructor(deps: CheckpointDeps, session: SessionName, token: string) {
    this.#deps = deps;
    this.#session = session;
    this.#token = token;
  }

  /** @throws ProblemError `unauthenticated` for a token that is not the session's current one */
  static async of(deps: CheckpointDeps, token: string): Promise<CheckpointBlobs> {
    const grant = (await brokerGrantOf(deps, token)) ?? refuse("unauthenticated", NOT_VALID);
    return new CheckpointBlobs(deps, grant, token);
  }

  /** Replaces. @throws ProblemError `body-too-large`, `conflict` past the limits of the session */
  async put(name: string, request: Request): Promise<void> {
    const key = this.#keyOf(name);
    const announced = request.headers.get("content-length") ?? "";
    if (!/^\d+$/.test(announced)) refuse("bad-request", "Say the length of the blob with `Content-Length`.");
    if (Number(announced) > LIMITS.checkpointBlobBytesMax) {
      refuse("body-too-large", `The blob is larger than ${LIMITS.checkpointBlobBytesMax} bytes, the limit checkpointBlobBytesMax.`);
    }
    const id = await this.#takeRoom(name, Number(announced));
    let isStored = false;
    try {
      const bytes = new Uint8Array(await request.arrayBuffer());
      // A body may take long, and the sandbox may have been replaced meanwhile: its successor may name the same blob.
      await CheckpointBlobs.of(this.#deps, this.#token);
      // Where the store does not say, it may be there.
      isStored = true;
      await guard(() => this.#deps.blobs.put(key, bytes, { contentType: CONTENT_TYPE }));
    } finally {
      await this.#handle.checkpointRoom(this.#token, { do: "done", id, isStored });
    }
    if (await this.#isRemoved()) await this.delete(name);
  }

  /** While the blob was on its way: nobody would delete it any more. */
  async #isRemoved(): Promise<boolean> {
    return (await this.#handle.authorizeBroker(this.#token)) === null && (await this.#handle.read()) === null;
  }

  /** @throws ProblemError `not-found` */
  async get(name: string): Promise<Uint8Array> {
    const key = this.#keyOf(name);
    const found = await guard(() => this.#deps.blobs.get(key));
    return found?.bytes ?? refuse("not-found", "There is no such blob.");
  }

  async delete(name: string): Promise<void> {
    const key = this.#keyOf(name);
    await guard(() => this.#deps.blobs.delete(key));
    await guard(() => this.#handle.checkpointRoom(this.#token, { do: "deleted", name }));
  }

  /** @param after a name, or null for the first page */
  async list(after: string | null): Promise<BlobPage> {
    const prefix = checkpointKey(this.#session, "");
    const { blobs, next } = await guard(() => this.#deps.blobs.list(prefix, { after: after === null ? null : this.#keyOf(after), limit: PAGE }));
    return { items: blobs.map(({ key, size }) => ({ name: key.slice(prefix.length), bytes: size })), next: next === null ? null : next.slice(prefix.length) };
  }

  /** @throws ProblemError `unauthenticated`, `conflict` */
  async #takeRoom(name: string, bytes: number): Promise<number> {
    const room = (await guard(() => this.#handle.checkpointRoom(this.#token, { do: "take", name, bytes }))) ?? refuse("unauthenticated", NOT_VALID);
    if (room.ok) return room.id;
    const fix = "Delete what is not needed from the work folder.";
    if (room.over === "bytes") return refuse("conflict", `The session's checkpoints take more than twice ${LIMITS.checkpointBytesMax} bytes, the limit checkpointBytesMax.`, { fix });
    return refuse("conflict", `The session's checkpoints are more than ${LIMITS.checkpointBlobsMax} blobs, the limit checkpointBlobsMax.`, { fix });
  }

  get #handle(): SessionHandle {
    const { orgId, sessionId } = this.#session;
    return this.#deps.sessions.of(orgId, sessionId);
  }

  #keyOf(name: string): string {
    if (!NAME.test(name)) refuse("bad-request", "A blob's name is of lower-case letters, digits, `.`, `_` and `-`, at most 100.");
    return checkpointKey(this.#session, name);
  }
}

async function guard<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isPortError(error)) throw error;
    return refuse("unavailable", "Checkpoints can neither be stored nor read right now.");
  }
}
