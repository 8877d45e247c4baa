/** OpenCode as an ACP agent: the same files, configuration and environment as behind its own server, and `opencode acp`. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { AgentConfig } from "../../ports/agent/agent.port.ts";
import type { AcpProgram } from "./acp-connection.ts";
import { openCodeConfig, openCodeEnvironment } from "./opencode-config.ts";
import { forgoPluginInstall } from "./opencode-plugin-install.ts";

export interface OpenCodeProgramDeps {
  /** Absolute path of the `opencode` program. */
  readonly executable: string;
  /** HOME of the agent; it keeps its database there, so it must survive a restart. */
  readonly home: string;
  /** Where the broker token is put for OpenCode to read, readable by its user only. */
  readonly tokenFile: string;
  /** Environment of the agent and its tools; without secrets. */
  readonly environment: Readonly<Record<string, string>>;
  randomBytes(length: number): Uint8Array;
}

const PASSWORD_BYTES = 24;

export function openCodeProgram({ executable, home, tokenFile, environment, randomBytes }: OpenCodeProgramDeps): AcpProgram {
  return {
    prepare(config: AgentConfig) {
      // It listens on loopback in this mode too.
      const password = Buffer.from(randomBytes(PASSWORD_BYTES)).toString("hex");
      mkdirSync(home, { recursive: true });
      forgoPluginInstall(home);
      mkdirSync(dirname(tokenFile), { recursive: true });
      writeFileSync(tokenFile, config.brokerToken, { mode: 0o600 });
      const base = { ...environment, ...config.variables, ...config.environment };
      return {
        command: [executable, "acp"],
        environment: openCodeEnvironment({ base, home, password, config: openCodeConfig(config, tokenFile), git: config.git }),
        marker: `OPENCODE_SERVER_PASSWORD=${password}`,
      };
    },
    forget: () => rmSync(tokenFile, { force: true }),
  };
}
