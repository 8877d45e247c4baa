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
import type { WaitingOpenCode } from "./opencode-waiting.ts";
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
  /** One that was started before anybody knew for whom, asked for at each start; null when there is none, or none any more. */
  readonly takeWaiting?: () => Promise<WaitingOpenCode | null>;
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
  const { home, tokenFile, environment, callTimeoutMs = 30_000 } = deps;
  const { workFolder, git } = config;
  ids.reread();
  mkdirSync(dirname(tokenFile), { recursive: true });
  writeFileSync(tokenFile, config.brokerToken, { mode: 0o600 });
  const warmUp = await startWarmUpModel();
  const inline = openCodeConfig(config, tokenFile, { [WARM_UP_PROVIDER]: warmUp.provider });
  const base = { ...environment, ...config.variables, ...config.environment };
  const environmentWith = (password: string): Record<string, string> => openCodeEnvironment({ base, home, password, config: inline, git });
  let server: OpenCodeServer | null = null;
  try {
    const started = (await takeOver(deps, environmentWith)) ?? (await startFresh(deps, workFolder, environmentWith, signal));
    server = started.server;
    const calls = new OpenCodeCalls({ url: server.url, password: started.password, workFolder, callTimeoutMs });
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

type Started = Pick<WaitingOpenCode, "server" | "password">;
type EnvironmentWith = (password: string) => Record<string, string>;

/** Null when there is none that takes it; a fresh one is started then. */
async function takeOver({ takeWaiting }: OpenCodeDeps, environmentWith: EnvironmentWith): Promise<Started | null> {
  const waiting = (await takeWaiting?.()) ?? null;
  if (waiting === null) return null;
  try {
    await waiting.give(environmentWith(waiting.password));
    return waiting;
  } catch {
    await waiting.stop();
    return null;
  }
}

async function startFresh({ executable, home, randomBytes, startTimeoutMs = 40_000 }: OpenCodeDeps, workFolder: string, environmentWith: EnvironmentWith, signal: AbortSignal): Promise<Started> {
  const password = Buffer.from(randomBytes(PASSWORD_BYTES)).toString("hex");
  mkdirSync(home, { recursive: true });
  forgoPluginInstall(home);
  const server = await startOpenCodeServer({ executable, workFolder, environment: environmentWith(password), password, startTimeoutMs, signal });
  return { server, password };
}

async function sessionOf(ids: OpenCodeIds, calls: OpenCodeCalls): Promise<string> {
  if (ids.session !== null && (await calls.hasSession(ids.session))) return ids.session;
  const created = await calls.createSession();
  ids.keepSession(created);
  return created;
}
