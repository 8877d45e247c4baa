/** An instance of Berth that lives as long as the journey: free port, temporary state, nothing left behind. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { buildAll } from "../../packages/launcher/src/build.ts";
import { step } from "../../packages/launcher/src/progress.ts";
import { startStack, type Stack, type StackParts } from "../../packages/launcher/src/stack.ts";
import { processesOf } from "../e2e/support/processes.ts";

const LAST_PROCESS_MS = 3_000;

export interface OwnInstance {
  readonly stack: Stack;
  /** From nothing to ready, without what had to be built first. */
  readonly startedInMs: number;
  /** What a part has logged so far. */
  log(part: "worker" | "sandbox-host" | "demo-model" | "database"): string;
  /** @throws Error when something of it is still there afterwards */
  stop(): Promise<void>;
}

export interface OwnSettings {
  /** Servers on this machine that the Worker may ask. */
  readonly allowOrigins?: readonly string[];
  /** Backends in the order they are tried. */
  readonly sandboxBackends?: readonly string[];
}

/** @param partsFor what takes the place of the usual parts, for this data folder */
export async function startOwnInstance(
  target: "local" | "production" = "local",
  partsFor: (dataDir: string) => Promise<StackParts> | StackParts = () => ({}),
  { allowOrigins = [], sandboxBackends = ["process"] }: OwnSettings = {},
): Promise<OwnInstance> {
  await buildAll(target);
  const dataDir = mkdtempSync(join(tmpdir(), "berth-journey-"));
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true });
  try {
    const parts = await partsFor(dataDir);
    const startedAt = performance.now();
    const stack = await startStack(
      { args: [], port: 0, publicUrl: null, dataDir, sandboxBackends, sandboxEgress: "default", trustAgent: false, allowOrigins, demoModel: true, databaseUrl: null, reset: false },
      parts,
    );
    const stop = async (): Promise<void> => {
      await step("Stopping", () => stack.stop());
      const left = await leftBehind(dataDir);
      remove();
      if (left.length > 0) throw new Error(`These processes of it are still there: ${left.join(", ")}`);
    };
    const startedInMs = performance.now() - startedAt;
    const log: OwnInstance["log"] = (part) => readFileSync(join(dataDir, "logs", `${part}.log`), "utf8");
    return { stack, startedInMs, log, stop };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Pids of processes that name the folder, once those that are on their way out had their time. Linux only; elsewhere empty. */
async function leftBehind(folder: string): Promise<string[]> {
  if (!existsSync("/proc/self/cmdline")) return [];
  const deadline = Date.now() + LAST_PROCESS_MS;
  for (;;) {
    const left = processesOf(folder);
    if (left.length === 0 || Date.now() > deadline) return left.map(({ pid, command }) => `${pid} ${command}`);
    await delay(50);
  }
}
