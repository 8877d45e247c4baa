/** `opencode serve` without Berth: the same program, settings and model, driven directly over its API. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createOpencodeClient } from "@opencode-ai/sdk/v2/client";
import { openCodeConfig, openCodeEnvironment } from "../../src/adapters/agent/opencode-config.ts";
import { authorization, startOpenCodeServer } from "../../src/adapters/agent/opencode-server.ts";
import { DEFAULT_PERMISSIONS } from "../../src/core/sandbox/default-permissions.ts";

export interface BareOpenCode extends AsyncDisposable {
  /** Sends a prompt in its one session; resolves when the turn is over with the time of its first token. */
  firstTokenAt(text: string): Promise<number>;
}

const PASSWORD = "example-password";
const START_TIMEOUT_MS = 60_000;
const TURN_TIMEOUT_MS = 60_000;

/** Resolves when its session is open and its event stream is connected. */
export async function startBareOpenCode(modelUrl: string): Promise<BareOpenCode> {
  const folder = mkdtempSync(join(tmpdir(), "berth-bare-"));
  const [home, workFolder, tokenFile] = [join(folder, "home"), join(folder, "work"), join(folder, "token")];
  for (const path of [home, workFolder]) mkdirSync(path);
  writeFileSync(tokenFile, "example-token");
  const models = [{ id: "demo", name: "Demo" }];
  const config = openCodeConfig(
    {
      providers: [{ id: "demo", kind: "openai-compatible", baseUrl: `${modelUrl}/v1`, models }],
      permissions: DEFAULT_PERMISSIONS,
      workFolder,
      brokerToken: "",
    },
    tokenFile,
  );
  const closing = new AbortController();
  const server = await startOpenCodeServer({
    executable: join(dirname(createRequire(import.meta.url).resolve("opencode-ai/package.json")), "bin", "opencode.exe"),
    workFolder,
    environment: openCodeEnvironment({ base: { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8" }, home, password: PASSWORD, config }),
    password: PASSWORD,
    startTimeoutMs: START_TIMEOUT_MS,
    signal: closing.signal,
  });
  const client = createOpencodeClient({ baseUrl: server.url, directory: workFolder, headers: { authorization: authorization(PASSWORD) } });
  const { data: session } = await client.session.create({}, { throwOnError: true });
  const { stream } = await client.event.subscribe({}, { signal: closing.signal, sseMaxRetryAttempts: 1 });
  const events = stream[Symbol.asyncIterator]();
  // The stream says first that it is connected.
  await events.next();

  return {
    async firstTokenAt(text) {
      const deadline = AbortSignal.timeout(TURN_TIMEOUT_MS);
      deadline.addEventListener("abort", () => closing.abort(), { once: true });
      const parts = [{ type: "text" as const, text }];
      await client.session.promptAsync({ sessionID: session.id, model: { providerID: "demo", modelID: "demo" }, parts }, { throwOnError: true });
      let firstAt: number | null = null;
      for (;;) {
        const { value: event, done } = await events.next();
        if (done) throw new Error("OpenCode's event stream ended before the turn did");
        if (event.type === "message.part.delta" && event.properties.sessionID === session.id) firstAt ??= performance.now();
        if (event.type === "session.idle" && event.properties.sessionID === session.id && firstAt !== null) return firstAt;
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
