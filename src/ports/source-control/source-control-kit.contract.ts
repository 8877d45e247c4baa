/** What suites and rigs of source control share: a host that answers as scripted, and plain calls. */
import { FLUSH, joined, pkt } from "../../core/git/pkt-line.ts";
import type { GitCall, GitRemote, SourceControl } from "./source-control.port.ts";

export interface SeenGitCall {
  readonly method: string;
  /** From the root, with the query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface ScriptedGitAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks?: readonly (string | Uint8Array<ArrayBuffer>)[];
  /** The last chunk waits for it. */
  readonly beforeLast?: Promise<void>;
}

export interface SourceControlRig {
  readonly source: SourceControl;
  /** The address of `/team/app.git` at the host, with the credential. */
  readonly remote: GitRemote;
  /** How the host answers from now on. It answers before it has read what is sent to it when `early`. */
  answer(script: (path: string) => ScriptedGitAnswer): void;
  readonly seen: readonly SeenGitCall[];
  close(): Promise<void>;
}

export const PASSWORD = "example-password-1";
export const CREDENTIAL = { kind: "basic", username: "ada", password: PASSWORD } as const;
export const AUTHORIZATION = `Basic ${btoa(`ada:${PASSWORD}`)}`;

export function typed(type: string): Readonly<Record<string, string>> {
  return { "content-type": `application/x-${type}` };
}

/** A list of one branch, as a host sends it. */
export function listed(service: string, { capabilities = "symref=HEAD:refs/heads/trunk", empty = false } = {}): ScriptedGitAnswer {
  const oid = "1".repeat(40);
  const refs = empty ? [] : [pkt(`${oid} HEAD\0multi_ack ${capabilities}\n`), pkt(`${oid} refs/heads/trunk\n`)];
  return { headers: typed(`${service}-advertisement`), chunks: [joined(pkt(`# service=${service}\n`), FLUSH, ...refs, FLUSH)] };
}

/** Lists for either service. */
export const listing = (path: string): ScriptedGitAnswer => listed(path.endsWith("git-receive-pack") ? "git-receive-pack" : "git-upload-pack");

export function fetchCall(rig: Pick<SourceControlRig, "remote">, more: Partial<GitCall> = {}): GitCall {
  const body = new TextEncoder().encode("0011command=fetch0000");
  return { remote: rig.remote, service: "git-upload-pack", step: "exchange", protocol: "version=2", encoding: null, body, signal: new AbortController().signal, ...more };
}

export function pushCall(rig: Pick<SourceControlRig, "remote">, more: Partial<GitCall> = {}): GitCall {
  return fetchCall(rig, { service: "git-receive-pack", protocol: null, ...more });
}

export const FETCHED: ScriptedGitAnswer = { headers: typed("git-upload-pack-result"), chunks: ["0008NAK\n", "0000"] };
export const PUSHED: ScriptedGitAnswer = { headers: typed("git-receive-pack-result"), chunks: ["000eunpack ok\n", "0000"] };

/** A script as the body of a host in memory. */
export function scriptedGitBody({ chunks = [], beforeLast }: ScriptedGitAnswer): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent === chunks.length) return controller.close();
      if (sent === chunks.length - 1) await beforeLast;
      const chunk = chunks[sent++] ?? "";
      controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
    },
  });
}
