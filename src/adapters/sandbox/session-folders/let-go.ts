/**
 * Ids of sandboxes that were let go, so that a request to make one that was long on its way makes nothing: an empty file for
 * each, beside the sessions' folders, whose date says since when. Forgotten once no request can be that late.
 */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";

const KEPT_MS = 3_600_000;

export class LetGo {
  readonly #folder: string;

  /** @param root of the sessions' folders */
  constructor(root: string) {
    // Not a session's name.
    this.#folder = join(root, ".let-go");
  }

  note(sandboxId: string, nowMs: number): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    for (const old of this.#names()) if (!this.#isFresh(old, nowMs)) rmSync(join(this.#folder, old), { force: true });
    const path = join(this.#folder, sandboxId);
    closeSync(openSync(path, "w", 0o600));
    utimesSync(path, nowMs / 1_000, nowMs / 1_000);
  }

  /** True when this epoch of the session, or a later one, was let go. */
  has(sessionId: string, epoch: number, nowMs: number): boolean {
    const prefix = `${sessionId}-`;
    return this.#names().some((name) => name.startsWith(prefix) && Number(name.slice(prefix.length)) >= epoch && this.#isFresh(name, nowMs));
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  #isFresh(name: string, nowMs: number): boolean {
    const sinceMs = statSync(join(this.#folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return nowMs - sinceMs < KEPT_MS;
  }
}
