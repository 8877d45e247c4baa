/** Starts an ACP agent for a configuration and joins it: its process, the protocol's beginning, and its session. */
import { Readable, Writable } from "node:stream";
import {
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type ClientContext,
  type InitializeResponse,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionUpdate,
} from "@agentclientprotocol/sdk/unstable";
import type { AgentConfig } from "../../ports/agent/agent.port.ts";
import { AcpStartFailure, isRpcError } from "./acp-classify.ts";
import { modelChoice, type ModelChoice } from "./acp-updates.ts";
import { startAgentProcess, type AgentProcess } from "./agent-process.ts";

/** How one agent's program is started, and by what its processes are known. */
export interface AcpProgram {
  /** Writes what the program reads at its start. @throws the system's own error */
  prepare(config: AgentConfig): { readonly command: readonly string[]; readonly environment: Readonly<Record<string, string>>; readonly marker: string };
  /** Removes what `prepare` wrote and nobody may find later. */
  forget(): void;
}

/** What the agent says without being asked. */
export interface AcpListener {
  update(sessionId: string, update: SessionUpdate): void;
  permission(request: RequestPermissionRequest): Promise<RequestPermissionResponse>;
}

export interface AcpConnection {
  readonly process: AgentProcess;
  readonly agent: ClientContext;
  readonly told: InitializeResponse;
  readonly sessionId: string;
  /** The session is new, so that nothing of an earlier one is known. */
  readonly isNew: boolean;
  model: ModelChoice | null;
}

export interface ConnectOptions {
  readonly program: AcpProgram;
  readonly config: AgentConfig;
  /** The agent's session of before, or null for the first. */
  readonly session: string | null;
  readonly listener: AcpListener;
  readonly startTimeoutMs: number;
  readonly signal: AbortSignal;
}

const PRINTED_CHARACTERS = 2_000;
/** One line of the protocol may carry what a tool printed. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/** @throws AcpStartFailure, the agent's own error, or the system's; no process is left then */
export async function connectAcp({ program, config, session, listener, startTimeoutMs, signal }: ConnectOptions): Promise<AcpConnection> {
  const process = startAgentProcess({ ...program.prepare(config), workFolder: config.workFolder, takesInput: true });
  const printed = keepPrinted(process);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]);
  const tooLate = new Promise<never>((_, reject) => {
    const giveUp = (): void => reject(new AcpStartFailure("never-ready", printed()));
    if (deadline.aborted) giveUp();
    deadline.addEventListener("abort", giveUp, { once: true });
  });
  const exited = process.exited.then(() => Promise.reject(new AcpStartFailure("exited", printed())));
  // Both may come when nobody waits any more.
  for (const failure of [tooLate, exited]) failure.catch(() => {});
  try {
    return await Promise.race([join(process, config, session, listener, printed), tooLate, exited]);
  } catch (error) {
    if (process.child.pid === undefined) throw await process.exited.then(() => error, (raw: unknown) => raw);
    await process.stop();
    // What an agent says ends a moment before it does itself.
    throw isRpcError(error) || error instanceof AcpStartFailure ? error : new AcpStartFailure("exited", printed());
  }
}

async function join(process: AgentProcess, { workFolder }: AgentConfig, session: string | null, listener: AcpListener, printed: () => string): Promise<AcpConnection> {
  const { stdin, stdout } = process.child;
  if (!stdin || !stdout) throw new AcpStartFailure("exited", printed());
  const stream = ndJsonStream(Writable.toWeb(stdin) as WritableStream<Uint8Array>, Readable.toWeb(stdout) as ReadableStream<Uint8Array>, { maxMessageBytes: MESSAGE_BYTES_MAX });
  const { agent } = client({ name: "berth" })
    .onNotification(methods.client.session.update, ({ params }) => listener.update(params.sessionId, params.update))
    .onRequest(methods.client.session.requestPermission, ({ params }) => listener.permission(params))
    .connect(stream);
  // The agent's own tools work inside the sandbox, so that the client lends it neither files nor terminals.
  const told = await agent.request(methods.agent.initialize, { protocolVersion: PROTOCOL_VERSION, clientCapabilities: {}, clientInfo: { name: "berth", version: "1" } });
  if (told.protocolVersion !== PROTOCOL_VERSION) throw new AcpStartFailure("other-version", printed());
  if (session !== null && told.agentCapabilities?.loadSession === true) {
    const { configOptions } = await agent.request(methods.agent.session.load, { sessionId: session, cwd: workFolder, mcpServers: [] });
    return { process, agent, told, sessionId: session, isNew: false, model: modelChoice(configOptions) };
  }
  const { sessionId, configOptions } = await agent.request(methods.agent.session.new, { cwd: workFolder, mcpServers: [] });
  return { process, agent, told, sessionId, isNew: true, model: modelChoice(configOptions) };
}

/** The end of what it prints beside the protocol, for the error when it does not come up. */
function keepPrinted({ child }: AgentProcess): () => string {
  let printed = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    printed = (printed + chunk).slice(-PRINTED_CHARACTERS);
  });
  return () => printed.trim();
}
