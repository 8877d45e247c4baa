/** An instance of Berth that lives as long as the journey: free port, temporary state, nothing left behind. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildAll } from "../../packages/launcher/src/build.ts";
import { step } from "../../packages/launcher/src/progress.ts";
import { startStack, type Stack, type StackParts } from "../../packages/launcher/src/stack.ts";

export interface OwnInstance {
  readonly stack: Stack;
  /** @throws Error when something of it is still there afterwards */
  stop(): Promise<void>;
}

export async function startOwnInstance(target: "local" | "production" = "local", parts: StackParts = {}): Promise<OwnInstance> {
  await buildAll(target);
  const dataDir = mkdtempSync(join(tmpdir(), "berth-journey-"));
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true });
  try {
    const stack = await startStack(
      { port: 0, dataDir, sandboxBackends: ["process"], trustAgent: false, allowOrigins: [], demoModel: true, databaseUrl: null, reset: false },
      parts,
    );
    const stop = async (): Promise<void> => {
      await step("Stopping", () => stack.stop());
      const left = processesOf(dataDir);
      remove();
      if (left.length > 0) throw new Error(`These processes of it are still there: ${left.join(", ")}`);
    };
    return { stack, stop };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Processes that name the folder among their arguments, as `pid command`. Linux only; elsewhere empty. */
function processesOf(folder: string): string[] {
  if (!existsSync("/proc/self/cmdline")) return [];
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return command.includes(folder) ? [`${pid} ${command.slice(0, 120)}`] : [];
    } catch {
      return [];
    }
  });
}
