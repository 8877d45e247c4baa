/**
 * The blobs of a session's checkpoints, as its sandbox stores and reads them. The token says whose they are: only the
 * session's current sandbox has one that is good, so that an older one neither writes nor reads.
 */
import { LIMITS } from "@berth/protocol";
import { isPortError } from "../core/kernel/port-error.ts";
import { parseSandboxToken } from "../core/sandbox/sandbox-token.ts";
import { refuse } from "./http/problem-error.ts";
import type { Services } from "./services.ts";
import { checkpointKey, type SessionName } from "./session/blob-keys.ts";

export type CheckpointDeps = Pick<Services, "sessions" | "blobs">;

export interface BlobPage {
  readonly items: readonly { readonly name: string; readonly bytes: number }[];
  readonly next: string | null;
}

const NAME = /^[a-z0-9_-][a-z0-9._-]{0,99}$/;
const CONTENT_TYPE = "application/octet-stream";
/** While one checkpoint takes the place of another, both are stored. */
const STORED_BYTES_MAX = 2 * LIMITS.checkpointBytesMax;
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
    const parts = parseSandboxToken(token);
    const grant = parts && (await deps.sessions.of(parts.orgId, parts.sessionId).authorizeBroker(token));
    if (!grant) refuse("unauthenticated", "The sandbox's token is not valid: its session ended or has a newer sandbox.");
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
    await guard(async () => this.#requireRoom(Number(announced)));
    const bytes = new Uint8Array(await request.arrayBuffer());
    // A body may take long, and the sandbox may have been replaced meanwhile: its successor may name the same blob.
    await CheckpointBlobs.of(this.#deps, this.#token);
    await guard(() => this.#deps.blobs.put(key, bytes, { contentType: CONTENT_TYPE }));
    if (await this.#isRemoved()) await this.delete(name);
  }

  /** While the blob was on its way: nobody would delete it any more. */
  async #isRemoved(): Promise<boolean> {
    const { orgId, sessionId } = this.#session;
    const handle = this.#deps.sessions.of(orgId, sessionId);
    return (await handle.authorizeBroker(this.#token)) === null && (await handle.read()) === null;
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
  }

  /** @param after a name, or null for the first page */
  async list(after: string | null): Promise<BlobPage> {
    const prefix = checkpointKey(this.#session, "");
    const { blobs, next } = await guard(() => this.#deps.blobs.list(prefix, { after: after === null ? null : this.#keyOf(after), limit: PAGE }));
    return { items: blobs.map(({ key, size }) => ({ name: key.slice(prefix.length), bytes: size })), next: next === null ? null : next.slice(prefix.length) };
  }

  async #requireRoom(more: number): Promise<void> {
    let bytes = more;
    let count = 1;
    for (let after: string | null = null, isFirst = true; isFirst || after !== null; isFirst = false) {
      const page: BlobPage = await this.list(after);
      bytes += page.items.reduce((sum, item) => sum + item.bytes, 0);
      count += page.items.length;
      after = page.next;
    }
    const fix = "Delete what is not needed from the work folder.";
    if (bytes > STORED_BYTES_MAX) refuse("conflict", `The session's checkpoints take more than twice ${LIMITS.checkpointBytesMax} bytes, the limit checkpointBytesMax.`, { fix });
    if (count > LIMITS.checkpointBlobsMax) refuse("conflict", `The session's checkpoints are more than ${LIMITS.checkpointBlobsMax} blobs, the limit checkpointBlobsMax.`, { fix });
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
