/** Which sandboxes of a session have ended, newest last: the files of the newest are the session's. Beside its labels, so that both go together. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabelStore } from "../session-folders/label.ts";

export class KeptFiles {
  readonly #labels: LabelStore;

  constructor(labels: LabelStore) {
    this.#labels = labels;
  }

  ended(sessionId: string): readonly string[] {
    const path = this.#pathOf(sessionId);
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as string[]) : [];
  }

  note(sessionId: string, sandbox: string): void {
    const before = this.ended(sessionId);
    if (!before.includes(sandbox)) this.keep(sessionId, [...before, sandbox]);
  }

  keep(sessionId: string, sandboxes: readonly string[]): void {
    const path = this.#pathOf(sessionId);
    writeFileSync(`${path}.new`, JSON.stringify(sandboxes), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  #pathOf(sessionId: string): string {
    return join(this.#labels.folderOf(sessionId), "ended.txt");
  }
}
