/** Version 2 of git's protocol, as far as reading one tree takes: what the host offers, where HEAD is, and a pack of objects. */
import { FLUSH, joined, pkt, readPkt } from "../../core/git/pkt-line.ts";
import type { GitRemote, SourceControl } from "../../ports/source-control/source-control.port.ts";
import { readPack, type GitObject } from "./pack.ts";
import { TreeError } from "./tree-error.ts";

const DELIMITER = new TextEncoder().encode("0001");
const LIST_BYTES_MAX = 1024 * 1024;
/** Compressed. */
export const PACK_BYTES_MAX = 16 * 1024 * 1024;

export interface Host {
  readonly sourceControl: Pick<SourceControl, "forward">;
  readonly remote: GitRemote;
  readonly signal: AbortSignal;
}

/** @returns whether files can be left out. @throws TreeError `unsupported` for a host that does not speak it */
export async function readOffer(host: Host): Promise<{ readonly canFilter: boolean }> {
  const body = await host.sourceControl.forward({ ...callOf(host), step: "advertise", body: null });
  const lines = textLines(await collected(body, LIST_BYTES_MAX));
  if (!lines.includes("version 2")) throw new TreeError("unsupported", "does not speak version 2 of git's protocol");
  const format = lines.find((line) => line.startsWith("object-format="));
  if (format !== undefined && format !== "object-format=sha1") throw new TreeError("unsupported", "keeps its objects by another kind of name than is known here");
  return { canFilter: lines.some((line) => line.startsWith("fetch=") && line.slice("fetch=".length).split(" ").includes("filter")) };
}

/** Name of the commit that the repository's own branch is at. @throws TreeError `empty` */
export async function readHead(host: Host): Promise<string> {
  const lines = textLines(await exchange(host, [pkt("command=ls-refs\n"), DELIMITER, pkt("peel\n"), pkt("ref-prefix HEAD\n"), FLUSH], LIST_BYTES_MAX));
  const head = lines.find((line) => /^[0-9a-f]{40} HEAD(\s|$)/.test(line));
  if (head === undefined) throw new TreeError("empty", "has no commit there yet");
  return head.slice(0, 40);
}

/** @param withoutFiles leaves out what was not asked for by its name. @throws TreeError */
export async function fetchObjects(host: Host, names: readonly string[], { depth, withoutFiles }: { readonly depth?: number; readonly withoutFiles: boolean }): Promise<ReadonlyMap<string, GitObject>> {
  const asked = [
    pkt("command=fetch"),
    DELIMITER,
    pkt("no-progress\n"),
    ...(withoutFiles ? [pkt("filter blob:none\n")] : []),
    ...(depth === undefined ? [] : [pkt(`deepen ${depth}\n`)]),
    ...names.map((name) => pkt(`want ${name}\n`)),
    pkt("done\n"),
    FLUSH,
  ];
  return readPack(packIn(await exchange(host, asked, PACK_BYTES_MAX)));
}

async function exchange(host: Host, asked: readonly Uint8Array[], bytesMax: number): Promise<Uint8Array> {
  return collected(await host.sourceControl.forward({ ...callOf(host), step: "exchange", body: joined(...asked) }), bytesMax);
}

function callOf({ remote, signal }: Host) {
  return { remote, signal, service: "git-upload-pack", protocol: "version=2", encoding: null } as const;
}

async function collected(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(...chunks);
      length += value.length;
      if (length > bytesMax) throw new TreeError("too-large", "is larger than is looked at without a sandbox");
      chunks.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Lines without their ends; the marks between them are left out. @throws TreeError in the host's words where it refused */
function* linesOf(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const mark = new TextDecoder().decode(bytes.subarray(at, at + 4));
    if (mark === "0001" || mark === "0002") {
      at += 4;
      continue;
    }
    const read = readPkt(bytes, at);
    if (read.kind === "more" || read.kind === "broken") throw new TreeError("broken", "answered in something that is not git's protocol");
    at = read.end;
    if (read.kind !== "line") continue;
    const refusal = /^ERR ([^\n]*)/.exec(read.content.length < 1_000 ? textOf(read.content) : "")?.[1];
    if (refusal !== undefined) throw new TreeError("unsupported", `refused: ${refusal}`);
    yield read.content;
  }
}

function textLines(bytes: Uint8Array): readonly string[] {
  return [...linesOf(bytes)].map(textOf);
}

function textOf(line: Uint8Array): string {
  return new TextDecoder().decode(line).replace(/\n$/, "");
}

const [DATA, ERROR] = [1, 3];

/** What is in the band of data after the line that announces the pack. */
function packIn(bytes: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  let isPack = false;
  for (const line of linesOf(bytes)) {
    if (!isPack) isPack = textOf(line) === "packfile";
    else if (line[0] === DATA) pieces.push(line.subarray(1));
    else if (line[0] === ERROR) throw new TreeError("unsupported", `refused: ${textOf(line.subarray(1))}`);
  }
  return joined(...pieces);
}
