/** The first lines of a remote's list of references: enough to know that it is git, and which branch is its own. */
import { joined, readPkt } from "../../core/git/pkt-line.ts";

export interface Advertisement {
  /** Null where the remote names none, as one without commits. */
  readonly defaultBranch: string | null;
}

/** Well past the first reference with its capabilities. */
const BYTES_MAX = 64 * 1024;

/** Null for what is no list. Reads no further than it must. */
export async function readAdvertisement(body: ReadableStream<Uint8Array>): Promise<Advertisement | null> {
  const reader = body.getReader();
  let bytes: Uint8Array = new Uint8Array(0);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (value) bytes = joined(bytes, value);
      const read = parse(bytes);
      if (read !== "more") return read;
      if (done || bytes.length > BYTES_MAX) return null;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** `# service=…`, a flush, and the first reference, behind whose NUL the capabilities are. */
function parse(bytes: Uint8Array): Advertisement | null | "more" {
  const announced = readPkt(bytes, 0);
  if (announced.kind === "more") return "more";
  if (announced.kind !== "line" || textOf(announced.content) !== "# service=git-upload-pack") return null;
  const flush = readPkt(bytes, announced.end);
  if (flush.kind === "more") return "more";
  if (flush.kind !== "flush") return null;
  const first = readPkt(bytes, flush.end);
  if (first.kind === "more") return "more";
  if (first.kind === "flush") return { defaultBranch: null };
  if (first.kind !== "line" || !/^[0-9a-f]{40,64} /.test(textOf(first.content))) return null;
  const [, capabilities = ""] = textOf(first.content).split("\0");
  return { defaultBranch: /(?:^| )symref=HEAD:refs\/heads\/(\S+)/.exec(capabilities)?.[1] ?? null };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\n$/, "");
}
