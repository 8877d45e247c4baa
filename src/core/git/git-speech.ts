/** Refusals in git's own words, so that the person or agent who ran `git` reads them. */
import { FLUSH, joined, pkt } from "./pkt-line.ts";
import type { RefVerdict } from "./branch-prefix.ts";

export type GitService = "git-upload-pack" | "git-receive-pack";

export function isGitService(text: string | null): text is GitService {
  return text === "git-upload-pack" || text === "git-receive-pack";
}

/** What an answer to this step is of. */
export function contentTypeOf(service: GitService, step: "advertise" | "exchange"): string {
  return `application/x-${service}-${step === "advertise" ? "advertisement" : "result"}`;
}

/** Git prints `fatal: remote error: <message>` and ends. Fits every step but the answer to a push. */
export function errorLine(message: string): Uint8Array {
  return pkt(`ERR ${oneLine(message)}`);
}

/** The longest piece that the smaller of git's two side bands takes. */
const BAND_BYTES = 995;
const PROGRESS = 2;
const REPORT = 1;

/**
 * The answer to a push that was not passed on: git prints `! [remote rejected] <branch> (<reason>)` for each reference,
 * and what `message` says before it as a line of the remote's.
 */
export function pushReport(verdicts: readonly RefVerdict[], capabilities: readonly string[], message: string): Uint8Array<ArrayBuffer> {
  const report = joined(pkt("unpack ok\n"), ...verdicts.map(({ ref, refusal }) => pkt(refusal === null ? `ok ${ref}\n` : `ng ${ref} ${oneLine(refusal)}\n`)), FLUSH);
  const reports = capabilities.some((word) => word === "report-status" || word === "report-status-v2") ? report : new Uint8Array(0);
  if (!capabilities.some((word) => word === "side-band-64k" || word === "side-band")) return reports;
  return joined(...banded(PROGRESS, new TextEncoder().encode(`${oneLine(message)}\n`)), ...banded(REPORT, reports), FLUSH);
}

function banded(band: number, bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += BAND_BYTES) lines.push(pkt(joined(Uint8Array.of(band), bytes.subarray(at, at + BAND_BYTES))));
  return lines;
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").trim();
}
