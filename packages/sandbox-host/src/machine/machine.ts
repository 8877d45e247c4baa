/** The machine this host runs on, when it is the user's own. Values leave it by `reveal` only, over a signed call. */
import type { FolderInfo, FoundProvider, LocalMachine } from "../../../../src/core/machine/local-machine.ts";
import { PortError } from "../../../../src/core/kernel/port-error.ts";
import { findEnvironmentKeys } from "./environment-keys.ts";
import type { Finding } from "./finding.ts";
import { askGit } from "./git-commands.ts";
import { inspectFolder } from "./inspect-folder.ts";
import { findLocalServers, type LocalServerDeps } from "./local-servers.ts";
import { findOpencodeLogins } from "./opencode-logins.ts";

export interface MachineDeps extends LocalServerDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** `$XDG_DATA_HOME`, usually `~/.local/share`. */
  readonly dataHome: string;
  /** Berth's own data folder. */
  readonly dataDir: string;
}

export function createMachine(deps: MachineDeps): LocalMachine {
  const findings = async (): Promise<readonly Finding[]> =>
    [findEnvironmentKeys(deps.environment), await findOpencodeLogins(deps.dataHome), await findLocalServers(deps)].flat();
  return {
    discover: async () => (await findings()).map(({ discovery }) => discovery),
    reveal: async (id): Promise<FoundProvider> => {
      const found = (await findings()).find(({ discovery }) => discovery.id === id)?.found;
      if (found) return found;
      const message = "That key, login or server is no longer there, or cannot be used.";
      throw new PortError({ port: "machine", operation: "reveal", code: "not-found", outcome: "not-applied", retry: "never", message });
    },
    gitIdentity: async () => {
      const [name, email] = await Promise.all(["user.name", "user.email"].map((key) => askGit(["config", "--global", "--get", key], deps.home)));
      return name?.trim() && email?.trim() ? { name: name.trim(), email: email.trim() } : null;
    },
    inspectFolder: (path): Promise<FolderInfo> => inspectFolder(path, deps.dataDir, deps.home),
  };
}
