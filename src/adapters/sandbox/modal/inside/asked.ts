/** What the host asks of the program that it runs inside, and what that answers. */
import type { SandboxMeasurement } from "@berth/protocol";
import type { SandboxLabel } from "../../session-folders/label.ts";
import type { RunResult } from "../../session-folders/run.ts";

/** First words to the program that a sandbox is started with; the runtime's bundle follows, and then what the runtime reads. */
export interface Beginning {
  /** Kept where the agent does not write, for a host that lost its own labels. */
  readonly spec: SandboxLabel["spec"];
  readonly environment: Readonly<Record<string, string>>;
  readonly runtimeBytes: number;
}

export interface RunAsked {
  readonly command: readonly [string, ...string[]];
  /** Relative to the work folder, unchecked. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly marker: string;
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
}

/** Its output follows, and then its errors. */
export type Ran = Pick<RunResult, "ended" | "exitCode" | "truncated"> & { readonly stdoutBytes: number };

/** Each by its name: what is asked, and what is answered. Bytes follow a written and a read file. */
export interface Asked {
  readonly ready: { readonly ask: Record<string, never>; readonly answer: Record<string, never> };
  readonly run: { readonly ask: RunAsked; readonly answer: Ran };
  readonly read: { readonly ask: { readonly path: string }; readonly answer: { readonly isThere: boolean } };
  readonly write: { readonly ask: { readonly path: string }; readonly answer: Record<string, never> };
  readonly measure: { readonly ask: { readonly tried: readonly Tried[] }; readonly answer: SandboxMeasurement };
  readonly whose: { readonly ask: Record<string, never>; readonly answer: SandboxLabel["spec"] };
  readonly quit: { readonly ask: Record<string, never>; readonly answer: Record<string, never> };
}

/** Nothing of this is to be reached. */
export interface Tried {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** The program's pid, written once the session's folders are there. */
export const BOOTED = "/run/berth-booted";
export const WHOSE = "/run/berth-whose.json";
export const RUNTIME = "/run/berth-runtime.mjs";
/** Whoever starts as root goes on as the image's user, and nobody gains a right by what it runs. */
const AS_AGENT = `if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"; fi; exec setpriv --no-new-privs -- "$@"`;

export function asAgent(command: readonly string[]): [string, ...string[]] {
  return ["/bin/sh", "-c", AS_AGENT, "sh", ...command];
}
