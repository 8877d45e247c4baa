/** How the sandbox host tells the runtime whom it works for: a file that is read once and deleted, or its input. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { z } from "zod";

export const LinkFile = z.object({
  /** `ws://` or `wss://` address of the link. */
  url: z.string(),
  token: z.string(),
  epoch: z.int().positive(),
  sessionId: z.string(),
  orgId: z.string(),
  /** Absolute paths inside the sandbox. */
  workFolder: z.string(),
  home: z.string(),
  opencodePath: z.string(),
  /** Socket by which the control plane and other hosts are reached, and the port that programs find it at; absent: by their addresses. */
  gate: z.object({ socket: z.string(), port: z.int() }).optional(),
});
export type LinkFile = z.infer<typeof LinkFile>;

export const LINK_FILE_PATH = "/run/berth/link.json";

/** Stands for the program's input. */
const INPUT = "-";

/** The word after the input's, when the session is told later: what is the same for every one follows. */
const WAITS = "waits";
/** Below the home: an agent is ready for whichever session it will be. */
export const WAITING_READY_FILE = ".berth-runtime/waiting-ready";

/** Below the home: the agent of this epoch has been ready, so that the host need not count it among those that start. */
export function agentReadyFile(epoch: number): string {
  return `.berth-runtime/${epoch}/agent-ready`;
}

export type WaitArguments = Pick<LinkFile, "workFolder" | "home" | "opencodePath">;

/** Those of a runtime that waits for its session, after its program. */
export function waitArguments({ workFolder, home, opencodePath }: WaitArguments): readonly string[] {
  return [INPUT, WAITS, workFolder, home, opencodePath];
}

/** Null for a runtime that is told at once. @param rest after the link's path */
export function readWaitArguments([word, workFolder, home, opencodePath]: readonly string[]): WaitArguments | null {
  return word === WAITS && workFolder !== undefined && home !== undefined && opencodePath !== undefined ? { workFolder, home, opencodePath } : null;
}

/** The token stays in memory only, so that nothing in the sandbox finds it on disk. @returns null when its input ended without a word */
export async function takeLink(path: string): Promise<LinkFile | null> {
  if (path !== INPUT) return takeLinkFile(path);
  const told = await text(process.stdin);
  return told === "" ? null : LinkFile.parse(JSON.parse(told));
}

function takeLinkFile(path: string): LinkFile {
  const link = LinkFile.parse(JSON.parse(readFileSync(path, "utf8")));
  // A file that is mounted by itself cannot be removed, only emptied.
  try {
    rmSync(path);
  } catch {
    writeFileSync(path, "");
  }
  return link;
}
