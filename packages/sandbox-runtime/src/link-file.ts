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

/** The token stays in memory only, so that nothing in the sandbox finds it on disk. */
export async function takeLink(path: string): Promise<LinkFile> {
  return path === INPUT ? LinkFile.parse(JSON.parse(await text(process.stdin))) : takeLinkFile(path);
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
