/**
 * OpenCode that was started for nobody yet and has its first prompt behind it. What a session gives it, its configuration
 * and its programs' environment, comes later: a plugin of ours waits for it inside, at an address that only it knows, and
 * OpenCode then reads its configuration anew. On no command line, in no file, and once.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { OpenCodeCalls } from "./opencode-client.ts";
import { openCodeConfig, openCodeEnvironment } from "./opencode-config.ts";
import { forgoPluginInstall } from "./opencode-plugin-install.ts";
import { startOpenCodeServer, type OpenCodeServer } from "./opencode-server.ts";
import { startWarmUpModel, WARM_UP_MODEL, WARM_UP_PROVIDER } from "./opencode-warm-up.ts";

export interface WaitingOpenCodeDeps {
  readonly executable: string;
  readonly home: string;
  readonly workFolder: string;
  /** As the agent's, without what only a session knows. */
  readonly environment: Readonly<Record<string, string>>;
  /** The plugin's file, made here; gone once it was read. */
  readonly pluginFile: string;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly startTimeoutMs?: number;
}

export interface WaitingOpenCode {
  readonly server: OpenCodeServer;
  readonly password: string;
  /** From here on it is what a server that was started with this environment is. @throws Error when it does not take it */
  give(environment: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

const SECRET_BYTES = 24;
const START_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 60_000;
/** It answers within a few milliseconds; past this a fresh start is not slower. */
const TAKEN_WITHIN_MS = 3_000;

/** @throws Error when OpenCode does not come up; no process is left then */
export async function startWaitingOpenCode(deps: WaitingOpenCodeDeps): Promise<WaitingOpenCode> {
  const { executable, home, workFolder, environment, pluginFile, startTimeoutMs = START_TIMEOUT_MS } = deps;
  const password = Buffer.from(deps.randomBytes(SECRET_BYTES)).toString("hex");
  mkdirSync(home, { recursive: true });
  forgoPluginInstall(home);
  const [giver, warmUp] = await Promise.all([startGiver(Buffer.from(deps.randomBytes(SECRET_BYTES)).toString("hex")), startWarmUpModel()]);
  mkdirSync(dirname(pluginFile), { recursive: true });
  writeFileSync(pluginFile, pluginSource(giver.url), { mode: 0o600 });
  const nothing = openCodeConfig({ providers: [], permissions: {}, workFolder, brokerToken: "" }, "", { [WARM_UP_PROVIDER]: warmUp.provider });
  const config = { ...nothing, plugin: [`file://${pluginFile}`] };
  let server: OpenCodeServer | null = null;
  try {
    const env = openCodeEnvironment({ base: environment, home, password, config });
    server = await startOpenCodeServer({ executable, workFolder, environment: env, password, startTimeoutMs, signal: new AbortController().signal });
    const calls = new OpenCodeCalls({ url: server.url, password, workFolder, callTimeoutMs: CALL_TIMEOUT_MS });
    await calls.throwAway("Say ok.", WARM_UP_MODEL);
    const started = server;
    return {
      server,
      password,
      async give(given) {
        await giver.give(given);
        await calls.readConfigurationAnew();
      },
      async stop() {
        giver.close();
        await started.stop();
      },
    };
  } catch (error) {
    giver.close();
    await server?.stop();
    throw error;
  } finally {
    warmUp.close();
    rmSync(pluginFile, { force: true });
  }
}

interface Giver {
  readonly url: string;
  give(environment: Readonly<Record<string, string>>): Promise<void>;
  close(): void;
}

/** Answers the one request that its plugin holds open, and is closed when the plugin said that it has what it was given. */
async function startGiver(secret: string): Promise<Giver> {
  const asked = Promise.withResolvers<ServerResponse>();
  const taken = Promise.withResolvers<void>();
  const server: Server = createServer((request, response) => {
    if (request.url === `/${secret}/wait`) return asked.resolve(response);
    if (request.url === `/${secret}/taken`) taken.resolve();
    response.writeHead(request.url?.startsWith(`/${secret}/`) ? 204 : 404).end();
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return {
    url: `http://127.0.0.1:${port}/${secret}`,
    async give(environment) {
      const inTime = new AbortController();
      const tooLate = delay(TAKEN_WITHIN_MS, undefined, { signal: inTime.signal }).then(() => Promise.reject(new Error("OpenCode did not take what it was given.")));
      try {
        (await Promise.race([asked.promise, tooLate])).end(JSON.stringify(environment));
        await Promise.race([taken.promise, tooLate]);
      } finally {
        inTime.abort();
        tooLate.catch(() => {});
        close();
      }
    },
    close,
  };
}

/** Programs of OpenCode get its own environment as it is when they start, and its configuration is read from there too. */
function pluginSource(url: string): string {
  return `import { env } from "node:process";
let waits = false;
async function wait() {
  const answer = await fetch(${JSON.stringify(`${url}/wait`)}, { timeout: false });
  Object.assign(env, await answer.json());
  await fetch(${JSON.stringify(`${url}/taken`)});
}
export const Waiting = async () => {
  if (!waits) wait().catch(() => {});
  waits = true;
  return {};
};
`;
}
