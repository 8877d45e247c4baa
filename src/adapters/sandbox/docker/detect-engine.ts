/** Whether sandboxes can be containers here, found by asking the engine. */
import { Engine } from "./engine.ts";
import { classifyEngine } from "./errors.ts";
import { BUILD_IMAGE } from "./image-build.ts";

export interface EngineReport {
  /** Null when it did not answer. */
  readonly version: string | null;
  /** What stands in the way; null when nothing does. */
  readonly reason: string | null;
  /** The command or step that puts it right. */
  readonly fix: string | null;
  /** The image is all that is missing. */
  readonly lacksImage: boolean;
}

/** Whose ids are not this machine's, so that a session's folders would be nobody's inside. */
const MAPPED = /^name=(rootless|userns)$/;

export async function detectEngine({ socketPath, image, runtime }: { readonly socketPath: string; readonly image: string; readonly runtime?: string }): Promise<EngineReport> {
  if (process.platform !== "linux") return { version: null, reason: "containers need an engine that runs on this machine itself, which takes Linux", fix: "Use the process backend.", lacksImage: false };
  const engine = new Engine(socketPath);
  try {
    const { version, securityOptions, runtimes } = await engine.info();
    if (securityOptions.some((option) => MAPPED.test(option))) {
      return { version, reason: "the engine maps users, so that a session's folders would not be its own", fix: "Use an engine without `userns-remap` that is not rootless.", lacksImage: false };
    }
    if (runtime !== undefined && !runtimes.includes(runtime)) return { version, reason: `the engine has no runtime ${runtime}`, fix: "Add it to the engine's configuration, or unset SANDBOX_RUNTIME.", lacksImage: false };
    if (!(await engine.hasImage(image))) return { version, reason: `the image ${image} is not there`, fix: BUILD_IMAGE, lacksImage: true };
    return { version, reason: null, fix: null, lacksImage: false };
  } catch (error) {
    const { message, fix } = classifyEngine("info", error);
    return { version: null, reason: message, fix: fix ?? null, lacksImage: false };
  }
}

/** Path of the engine's socket. @throws Error for an engine that is somewhere else */
export function enginePath(dockerHost: string): string {
  const path = /^unix:\/\/(\/.+)$/.exec(dockerHost)?.[1];
  if (path === undefined) throw new Error(`DOCKER_HOST: sandboxes need an engine of this machine, as unix:///var/run/docker.sock, not ${dockerHost}`);
  return path;
}
