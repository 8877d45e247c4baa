/** Sandboxes that are processes of this machine: a child in its own work folder, kept apart by bubblewrap or seatbelt. */
import { resolve } from "node:path";
import { ProcessBackend } from "./process/backend.ts";
import type { ProcessIsolation } from "./process/launch.ts";
import { instanceOf } from "./session-folders/instance.ts";
import { LabelStore } from "./session-folders/label.ts";
import { FolderSandboxProvider, sessionsRoot, type FolderSandboxOptions } from "./session-folders/provider.ts";

export interface ProcessSandboxOptions extends FolderSandboxOptions {
  /** For example `[node, runtime.mjs]`, by absolute paths that lie in `readOnlyPaths`; the link file's path is added. */
  readonly runtimeCommand: readonly string[];
  /** The agent's program, told to the runtime. */
  readonly opencodePath: string;
  /** Absolute, links resolved. */
  readonly readOnlyPaths: readonly string[];
  readonly isolation: ProcessIsolation;
  /** The user accepts an agent without isolation. */
  readonly trustAgent: boolean;
  /** Variables of every sandbox; nothing secret. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The program that makes the sandboxes. Absent: the `bwrap` of the system's folders. */
  readonly bubblewrap?: string;
}

export function createProcessSandboxProvider(options: ProcessSandboxOptions): FolderSandboxProvider {
  const { isolation, readOnlyPaths, runtimeCommand, opencodePath, trustAgent } = options;
  const root = sessionsRoot(options.dataDir, "sandboxes");
  const programs = [...runtimeCommand.slice(0, 1), opencodePath];
  const settings = { instance: instanceOf(options.dataDir), isolation, readOnlyPaths, programs, environment: options.environment ?? {}, dataDir: resolve(options.dataDir), bubblewrap: options.bubblewrap ?? "bwrap" };
  const backend = new ProcessBackend({ settings, labels: new LabelStore(root), runtimeCommand, opencodePath, trustAgent });
  return new FolderSandboxProvider(options, backend, root);
}
