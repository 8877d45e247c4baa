/**
 * A runtime that was started before its session: while it waits to be told whom it works for, it has its agent ready. The
 * host sees that by a file, and may tell it before.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { WaitingOpenCode } from "../../../src/adapters/agent/opencode-waiting.ts";

export interface WaitingAgent {
  /** Once; null when it could not be had, was taken before, or is not wanted any more. */
  take(): Promise<WaitingOpenCode | null>;
  /** It would hold files that are to be replaced. Over when it has ended. */
  forgo(): Promise<void>;
}

/** @param readyFile made when the agent is ready */
export function startWaitingAgent(start: () => Promise<WaitingOpenCode>, readyFile: string, log: (line: string) => void): WaitingAgent {
  let started: Promise<WaitingOpenCode | null> = start().then(
    (agent) => {
      mkdirSync(dirname(readyFile), { recursive: true });
      writeFileSync(readyFile, "");
      return agent;
    },
    (error: unknown) => {
      // Whoever needs one starts it then, and says what is wrong.
      log(`No agent waits: ${String(error)}`);
      return null;
    },
  );
  const take = (): Promise<WaitingOpenCode | null> => {
    const taken = started;
    started = Promise.resolve(null);
    return taken;
  };
  return {
    take,
    async forgo() {
      await (await take())?.stop();
    },
  };
}
