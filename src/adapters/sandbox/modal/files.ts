/** Files of sessions whose sandbox is elsewhere: read where they are, or in another one that begins as the ended one ended. */
import type { Image } from "modal";
import type { SessionFiles } from "../session-folders/backend.ts";
import { FILE_BYTES_MAX } from "../../../ports/sandbox/sandbox.port.ts";
import { refusal } from "../session-folders/errors.ts";
import type { SandboxLabel } from "../session-folders/label.ts";
import type { Account } from "./account.ts";
import type { Hand } from "./hand.ts";
import type { Tags } from "./tags.ts";

export interface ModalFilesDeps {
  readonly account: Account;
  readonly hand: Hand;
  readonly snapshotOf: (sandbox: string) => Promise<Image>;
  readonly readerTags: (label: SandboxLabel) => Tags;
}

const FILE_MS = 120_000;
/** A reader that nobody ends is ended by Modal. */
const READER_LIFE_MS = 300_000;

export class ModalFiles implements SessionFiles {
  readonly #deps: ModalFilesDeps;

  constructor(deps: ModalFilesDeps) {
    this.#deps = deps;
  }

  /** Looked at inside, together with the command. */
  folder(_label: SandboxLabel, path: string): Promise<string> {
    return Promise.resolve(path);
  }

  async read({ phase, elsewhere, ...rest }: SandboxLabel, path: string): Promise<Uint8Array | null> {
    if (elsewhere === undefined) return null;
    if (phase === "running") return this.#readIn(elsewhere, path);
    const { account, snapshotOf, readerTags } = this.#deps;
    const tags = readerTags({ phase, ...rest });
    const reader = await account.create(await snapshotOf(elsewhere), { tags, timeoutMs: READER_LIFE_MS, blockNetwork: true });
    try {
      return await this.#readIn(reader, path);
    } finally {
      await account.terminate(reader);
      await account.release(reader);
    }
  }

  async write({ phase, elsewhere }: SandboxLabel, path: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length > FILE_BYTES_MAX) throw refusal("writeFile", `The file is larger than ${FILE_BYTES_MAX} bytes.`, { code: "resource-exhausted" });
    if (phase !== "running" || elsewhere === undefined) throw refusal("writeFile", "The sandbox is not running.", { code: "failed-precondition" });
    await this.#deps.hand.ask(elsewhere, "write", { path }, { operation: "writeFile", bytes, timeoutMs: FILE_MS });
  }

  async #readIn(sandbox: string, path: string): Promise<Uint8Array | null> {
    const { done, bytes } = await this.#deps.hand.ask(sandbox, "read", { path }, { operation: "readFile", bytesMax: FILE_BYTES_MAX, timeoutMs: FILE_MS });
    return done.isThere ? new Uint8Array(bytes) : null;
  }
}
