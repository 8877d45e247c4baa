/** Work on a folder of this machine: done in a clone, applied to a branch, the user's checkout left as it was. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, type Check } from "../check.ts";
import { randomWord } from "../nonce.ts";
import { SessionLog } from "../session-log.ts";

const run = promisify(execFile);
const BRANCH = "berth/journey";

export const localFolder: Check = {
  name: "folder",
  title: "Work on a local folder is applied to a branch of it",
  timeoutMs: 120_000,
  async run({ world, signal }) {
    const folder = await mkdtemp(join(tmpdir(), "berth-journey-repo-"));
    const git = async (...args: string[]): Promise<string> => (await run("git", ["-C", folder, ...args])).stdout.trim();
    try {
      await makeRepository(folder, git);
      const checkout = (): Promise<string[]> => Promise.all([git("rev-parse", "HEAD"), git("symbolic-ref", "HEAD"), git("status", "--porcelain"), git("diff")]);
      const before = await checkout();
      const word = randomWord();
      const session = await world.open({ workspace: { kind: "folder", path: folder }, prompt: `!write made.txt ${word}\n!bash cat kept.txt` });
      using log = SessionLog.follow(session, signal);
      const first = await log.until("the prompt", () => log.transcript.turns[0]);
      await log.completed(first.messageId);
      const applied = await session.apply({ branch: BRANCH }, { signal });
      expect((await git("show", `${BRANCH}:made.txt`)) === word, "the branch does not hold what the agent wrote");
      expect((await git("rev-parse", BRANCH)) === applied.commit, "the branch is not at the commit that was told");
      expect((await git("rev-parse", `${BRANCH}~1`)) === before[0], "the commit does not sit on the folder's own");
      const changed = await git("diff", "--name-only", `${BRANCH}~1`, BRANCH);
      expect(changed === "made.txt", `the commit changes ${changed.split("\n").join(", ")}`);
      const after = await checkout();
      expect(after.join("\n") === before.join("\n"), `the checkout changed from ${before.join(" | ")} to ${after.join(" | ")}`);
      await world.release(session);
      return `${BRANCH} at ${applied.commit.slice(0, 7)}, ${applied.filesChanged} file; the checkout is as it was`;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** With an edit that is not committed, which must survive. */
async function makeRepository(folder: string, git: (...args: string[]) => Promise<string>): Promise<void> {
  await git("init", "--quiet", "--initial-branch=main");
  await writeFile(join(folder, "kept.txt"), "committed\n");
  await git("add", "kept.txt");
  await git("-c", "user.name=Journey", "-c", "user.email=journey@example.com", "commit", "--quiet", "--message=Start");
  await writeFile(join(folder, "kept.txt"), "edited and not committed\n");
}
