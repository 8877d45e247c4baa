/** The linter's rules of the house, seen to report on a broken file. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("[GATE-house-rules] a module mock, a rule switched off without a reason and a role that is compared are reported", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-lint-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, "test/gates/mutants/house-rules"), folder, { recursive: true });
  const args = [join(ROOT, "node_modules/oxlint/bin/oxlint"), "--config", join(ROOT, ".oxlintrc.json"), "--format", "json", folder];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT }, (_error, stdout) => resolve(stdout));
  });
  const { diagnostics } = JSON.parse(output) as { readonly diagnostics: readonly { readonly code: string; readonly message: string }[] };
  expect(diagnostics).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ code: "berth(no-module-mocks)", message: "vi.mock replaces a module. Hand the port's fake in instead." }),
      expect.objectContaining({ code: "berth(ask-what-a-role-may)", message: "A role is compared here. Ask `src/core/access/roles.ts` what it may." }),
      expect.objectContaining({ code: "berth(disable-with-reason)", message: "A rule is switched off without a reason. Write it after ` -- `." }),
    ]),
  );
});
