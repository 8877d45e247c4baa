/** Sandboxes that are containers of an engine on this machine: no network, no rights, and the session's folders. */
import type { ResourceLimits } from "../../core/sandbox/resources.ts";
import { DockerBackend } from "./docker/backend.ts";
import type { ContainerLimits } from "./docker/container.ts";
import type { EgressOptions } from "./docker/egress.ts";
import { Engine } from "./docker/engine.ts";
import { readImageBuild } from "./docker/image-build.ts";
import type { Owner } from "./session-folders/folders.ts";
import { instanceOf } from "./session-folders/instance.ts";
import { LabelStore } from "./session-folders/label.ts";
import { FolderSandboxProvider, sessionsRoot, type FolderSandboxOptions } from "./session-folders/provider.ts";

export interface DockerSandboxOptions extends FolderSandboxOptions {
  /** Of the engine. */
  readonly socketPath: string;
  readonly image: string;
  /** Of the engine's configuration, for example `runsc` for gVisor; absent: the engine's own. */
  readonly runtime?: string;
  readonly limits: ContainerLimits;
  /** That an environment may ask for; absent: the same. */
  readonly most?: ResourceLimits;
  /** The runtime's bundle on this machine; absent: the image's own. */
  readonly runtimePath?: string;
  /** Hosts that sandboxes reach beside the control plane. */
  readonly egress: EgressOptions;
  /** File in which a build of the image says how it goes; absent: nobody builds one here. */
  readonly imageBuildPath?: string;
  /** Variables of every sandbox; nothing secret. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Of the image's user, for hosts that run as root: a sandbox does not. */
const IMAGE_USER: Owner = { uid: 1000, gid: 1000 };

/** Finds again what ran before, and ends what nobody knows. It is there also while the engine is not: see `engineProblem`. */
export async function openDockerSandboxes(options: DockerSandboxOptions): Promise<{ readonly provider: FolderSandboxProvider; readonly engineProblem: unknown }> {
  const root = sessionsRoot(options.dataDir, "containers");
  const settings = {
    instance: instanceOf(options.dataDir),
    image: options.image,
    limits: options.limits,
    owner: ownerOfFolders(),
    environment: options.environment ?? {},
    ...(options.most === undefined ? {} : { most: options.most }),
    ...(options.runtime === undefined ? {} : { runtime: options.runtime }),
    ...(options.runtimePath === undefined ? {} : { runtimePath: options.runtimePath }),
  };
  const { image, imageBuildPath } = options;
  const imageBuild = () => (imageBuildPath === undefined ? null : readImageBuild(imageBuildPath, image));
  const backend = new DockerBackend({ engine: new Engine(options.socketPath), settings, labels: new LabelStore(root), egress: options.egress, imageBuild });
  const engineProblem = await backend.recover().then(
    () => null,
    (error: unknown) => error,
  );
  return { provider: new FolderSandboxProvider(options, backend, root), engineProblem };
}

/** Whoever runs the host can clear away what a sandbox left, since it is theirs. */
function ownerOfFolders(): Owner {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return uid === 0 ? IMAGE_USER : { uid, gid };
}
