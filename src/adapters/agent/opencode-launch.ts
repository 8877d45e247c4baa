/** Starts OpenCode for a configuration: its files, its environment, its server, its session, and the throw-away turn. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { AgentConfig } from "../../ports/agent/agent.port.ts";
import { classify } from "./opencode-classify.ts";
import { OpenCodeCalls } from "./opencode-client.ts";
import { openCodeConfig, openCodeEnvironment } from "./opencode-config.ts";
import type { OpenCodeIds, OpenCodeIdsDeps } from "./opencode-ids.ts";
import { forgoPluginInstall } from "./opencode-plugin-install.ts";
import { startOpenCodeServer, type OpenCodeServer } from "./opencode-server.ts";
import { startWarmUpModel, WARM_UP_MODEL, WARM_UP_PROVIDER } from "./opencode-warm-up.ts";

export interface OpenCodeDeps extends OpenCodeIdsDeps {
  /** Absolute path of the `opencode` program. */
  readonly executable: string;
  /** HOME of the agent; it keeps its database there, so it must survive a restart. */
  readonly home: string;
  /** Where the broker token is put for OpenCode to read, readable by its user only. */
  readonly tokenFile: string;
  /** Environment of the agent and its tools; without secrets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly startTimeoutMs?: number;
  readonly callTimeoutMs?: number;
  /** How long a turn may take to end after it was told to stop; then OpenCode itself is ended. */
  readonly stopTimeoutMs?: number;
  /** How long OpenCode may say nothing of a prompt it took before it is looked up. */
  readonly silenceMs?: number;
  /** Before a prompt that OpenCode could not store is given to it again. */
  readonly pausesMs?: readonly number[];
  /** OpenCode asks a failing model again for ever; after this many times the turn has failed. */
  readonly modelRetriesMax?: number;
}

export interface LaunchedOpenCode {
  readonly server: OpenCodeServer;
  readonly calls: OpenCodeCalls;
  readonly sessionId: string;
}

const PASSWORD_BYTES = 24;

/** @throws PortError of operation `open`; no process is left then */
export async function launchOpenCode(deps: OpenCodeDeps, ids: OpenCodeIds, config: AgentConfig, signal: AbortSignal): Promise<LaunchedOpenCode> {
  const { executable, home, tokenFile, environment, startTimeoutMs = 40_000, callTimeoutMs = 30_000 } = deps;
  const { workFolder, git } = config;
  const password = Buffer.from(deps.randomBytes(PASSWORD_BYTES)).toString("hex");
  ids.reread();
  mkdirSync(home, { recursive: true });
  forgoPluginInstall(home);
  mkdirSync(dirname(tokenFile), { recursive: true });
  writeFileSync(tokenFile, config.brokerToken, { mode: 0o600 });
  const warmUp = await startWarmUpModel();
  const inline = openCodeConfig(config, tokenFile, { [WARM_UP_PROVIDER]: warmUp.provider });
  const env = openCodeEnvironment({ base: { ...environment, ...config.variables, ...config.environment }, home, password, config: inline, git });
  let server: OpenCodeServer | null = null;
  try {
    server = await startOpenCodeServer({ executable, workFolder, environment: env, password, startTimeoutMs, signal });
    const calls = new OpenCodeCalls({ url: server.url, password, workFolder, callTimeoutMs });
    const sessionId = await sessionOf(ids, calls);
    // A prompt need not wait for it: both load the same.
    void calls
      .throwAway("Say ok.", WARM_UP_MODEL)
      .catch(() => {})
      .finally(() => warmUp.close());
    return { server, calls, sessionId };
  } catch (error) {
    warmUp.close();
    await server?.stop();
    throw classify(error, "open");
  }
}

async function sessionOf(ids: OpenCodeIds, calls: OpenCodeCalls): Promise<string> {
  if (ids.session !== null && (await calls.hasSession(ids.session))) return ids.session;
  const created = await calls.createSession();
  ids.keepSession(created);
  return created;
}
