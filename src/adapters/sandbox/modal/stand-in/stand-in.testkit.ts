/**
 * Stands in for Modal, on a port of this machine: the control plane and the machines' command router as gRPC services of
 * the SDK's own definitions, over sandboxes that really run. What it leaves out is what nobody asks of it.
 */
import { createServer, Status, type CallContext, type Server } from "nice-grpc";
import { modalDefinitions } from "./definitions.testkit.ts";
import type { Running } from "./machine.testkit.ts";
import { implement, refuse, type Handler } from "./service.testkit.ts";
import { newId, StandInState, type StandInOptions, type Box, type Request } from "./state.testkit.ts";

export const TOKEN_ID = "ak-example-of-a-contract-run";
export const TOKEN_SECRET = "as-example-of-a-contract-run";

const PAGE = 2;
const DONE = { status: 1, exception: "", exitcode: 0, traceback: "", serializedTb: new Uint8Array(), tbLineCache: new Uint8Array(), propagationReason: "" };
const STDOUT = 0;

export class ModalStandIn {
  readonly state: StandInState;
  /** Calls that nobody wrote an answer for, and answers that failed. */
  readonly problems: string[] = [];
  /** Of images that were asked for: their Dockerfiles' lines. */
  readonly built: (readonly string[])[] = [];
  readonly #server: Server = createServer({ "grpc.max_receive_message_length": 100 * 1024 * 1024 });
  readonly #commands = new Map<string, Running>();
  #url = "";
  #cutsNext = false;
  #refusesNext: { readonly call: string; readonly status: Status; readonly details: string } | null = null;
  #commandBegan: () => void = () => undefined;

  constructor(options: StandInOptions) {
    this.state = new StandInState(options);
  }

  get url(): string {
    return this.#url;
  }

  async open(): Promise<void> {
    const { control, router } = modalDefinitions();
    this.#server.add(control, implement(control.methods, this.#control(), this.problems) as never);
    this.#server.add(router, implement(router.methods, this.#router(), this.problems) as never);
    this.#url = `http://127.0.0.1:${await this.#server.listen("127.0.0.1:0")}`;
  }

  async close(): Promise<void> {
    await this.state.end();
    this.#server.forceShutdown();
  }

  /** The next answer to a command breaks off. */
  cutNextExec(): void {
    this.#cutsNext = true;
  }

  /** The next call of that name is refused. */
  refuseNext(call: string, status: Status, details: string): void {
    this.#refusesNext = { call, status, details };
  }

  /** Resolves when the next command has begun. */
  commandBegins(): Promise<void> {
    return new Promise((resolve) => {
      this.#commandBegan = resolve;
    });
  }

  #control(): Record<string, Handler> {
    const { state } = this;
    const handlers: Record<string, Handler> = {
      authTokenGet: () => ({ token: jwt() }),
      environmentGetOrCreate: () => ({ environmentId: "en-1", metadata: { name: "main", settings: { imageBuilderVersion: "2025.06", webhookSuffix: "" } } }),
      appGetOrCreate: ({ appName }: Request<"appGetOrCreate">) => ({ appId: state.apps.get(appName) ?? state.apps.set(appName, newId("ap")).get(appName) }),
      imageGetOrCreate: ({ image }: Request<"imageGetOrCreate">) => {
        this.built.push(image?.dockerfileCommands ?? []);
        return { imageId: state.image(), result: DONE };
      },
      imageDelete: ({ imageId }: Request<"imageDelete">) => {
        state.deleteImage(imageId);
        return {};
      },
      sandboxCreateV2: ({ appId, definition, tags }: Request<"sandboxCreateV2">) => {
        if (![...state.apps.values()].includes(appId)) refuse(Status.NOT_FOUND, `no app ${appId}`);
        const { id, taskId } = state.create(definition ?? refuse(Status.INVALID_ARGUMENT, "no definition"), tags);
        return { sandboxId: id, taskId, tunnels: [], sandboxToken: "" };
      },
      sandboxGetFromNameV2: ({ sandboxName }: Request<"sandboxGetFromNameV2">) => ({ sandboxId: (state.running().find(({ name }) => name === sandboxName) ?? refuse(Status.NOT_FOUND, `none runs that is named ${sandboxName}`)).id }),
      sandboxListV2: ({ tags, includeFinished, beforeTimestamp }: Request<"sandboxListV2">) => {
        if (includeFinished) refuse(Status.UNIMPLEMENTED, "the stand-in lists what runs");
        const asked = state.running().filter((box) => tags.every((tag) => box.tags.some(({ tagName, tagValue }) => tagName === tag.tagName && tagValue === tag.tagValue)));
        return { sandboxes: asked.filter(({ createdAt }) => !beforeTimestamp || createdAt < beforeTimestamp).slice(0, PAGE).map(infoOf) };
      },
      sandboxTagsSetV2: ({ sandboxId, tags }: Request<"sandboxTagsSetV2">) => {
        const box = state.find(sandboxId);
        if (box.result !== undefined) refuse(Status.FAILED_PRECONDITION, "it has ended");
        box.tags = tags;
        return {};
      },
      sandboxTerminateV2: ({ sandboxId }: Request<"sandboxTerminateV2">) => {
        const box = state.find(sandboxId);
        box.isTerminated ||= box.result === undefined;
        void box.machine.kill();
        return {};
      },
      sandboxWaitV2: async ({ sandboxId, timeout }: Request<"sandboxWaitV2">, { signal }: CallContext) => ({ result: await state.waitFor(state.find(sandboxId), timeout, signal) }),
      sandboxGetTaskIdV2: ({ sandboxId }: Request<"sandboxGetTaskIdV2">) => {
        const { taskId, result } = state.find(sandboxId);
        return result === undefined ? { taskId } : { taskResult: result };
      },
      sandboxGetCommandRouterAccess: () => ({ url: this.#url.replace("http:", "https:"), jwt: jwt() }),
      sandboxGetExitSnapshotV2: async ({ sandboxId, timeout }: Request<"sandboxGetExitSnapshotV2">, { signal }: CallContext) => {
        const box = state.find(sandboxId);
        if (box.definition.experimentalOptionsV2["enable_exit_snapshot"] !== "true") refuse(Status.INVALID_ARGUMENT, "it was made without exit snapshots");
        return (await state.waitFor(box, timeout, signal)) === undefined ? { pending: {} } : { success: { imageId: state.snapshotOf(box) } };
      },
    };
    return Object.fromEntries(Object.entries(handlers).map(([call, handler]) => [call, (request: never, context: CallContext) => this.#admitted(call, handler, request, context)]));
  }

  #admitted(call: string, handler: Handler, request: never, context: CallContext): unknown {
    const { metadata } = context;
    if (metadata.get("x-modal-token-id") !== TOKEN_ID || metadata.get("x-modal-token-secret") !== TOKEN_SECRET) refuse(Status.UNAUTHENTICATED, "Token validation failed.");
    const refused = this.#refusesNext;
    if (refused?.call === call) {
      this.#refusesNext = null;
      refuse(refused.status, refused.details);
    }
    return handler(request, context);
  }

  #router(): Record<string, Handler> {
    const { state } = this;
    const runningBox = (taskId: string): Box => {
      const box = state.ofTask(taskId);
      return box.result === undefined ? box : refuse(Status.NOT_FOUND, `task ${taskId} has ended`);
    };
    const commandOf = (execId: string): Running => this.#commands.get(execId) ?? refuse(Status.NOT_FOUND, `no command ${execId}`);
    return {
      sandboxStdinWriteV2: ({ taskId, offset, data, eof }: InputWritten) => {
        runningBox(taskId).machine.main.write(offset, data, eof);
        return {};
      },
      taskExecStart: async ({ taskId, execId, commandArgs, workdir, env }: ExecStarted) => {
        if (workdir !== undefined) refuse(Status.UNIMPLEMENTED, "the stand-in runs in the root folder");
        const command = await runningBox(taskId).machine.exec(commandArgs, env);
        this.#commands.set(execId, command);
        this.#commandBegan();
        return {};
      },
      taskExecStdinWrite: ({ execId, offset, data, eof }: InputWritten & Command) => {
        commandOf(execId).write(offset, data, eof);
        return {};
      },
      taskExecStdioRead: ({ execId, offset, fileDescriptor }: Command & { readonly offset: number; readonly fileDescriptor: number }) => this.#output(commandOf(execId), offset, fileDescriptor),
      taskExecWait: async ({ execId }: Command) => commandOf(execId).exited,
    };
  }

  async *#output(command: Running, offset: number, fileDescriptor: number): AsyncGenerator<{ readonly data: Buffer }> {
    if (fileDescriptor === STDOUT && this.#cutsNext) {
      this.#cutsNext = false;
      refuse(Status.ABORTED, "the connection to the machine is lost");
    }
    for await (const data of (fileDescriptor === STDOUT ? command.stdout : command.stderr).from(offset)) yield { data };
  }
}

/** Of the command router, whose client the SDK does not export. */
interface Command {
  readonly taskId: string;
  readonly execId: string;
}
interface InputWritten {
  readonly taskId: string;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly eof: boolean;
}
interface ExecStarted extends Command {
  readonly commandArgs: readonly string[];
  readonly workdir: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

function infoOf({ id, name, createdAt, definition, tags }: Box) {
  const { imageId, timeoutSecs, resources } = definition;
  return {
    ...{ id, name, createdAt, imageId, timeoutSecs, appId: "", tags, regions: [], tunnels: [] },
    resourceInfo: { gpuType: "", ephemeralDiskMb: 0, memoryMbMax: resources?.memoryMbMax ?? 0, milliCpuMax: resources?.milliCpuMax ?? 0 },
  };
}

/** Nobody checks its signature here; its end is read. */
function jwt(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ exp: Math.floor(Date.now() / 1_000) + 3_600 })}.`;
}
