/** What a sandbox says to its host, where the agent says it in place of the program inside. */
import { expect, test } from "vitest";
import { PortError } from "../../../core/kernel/port-error.ts";
import { frame } from "./frames.ts";
import { Hand } from "./hand.ts";

const RUN = { command: ["true"] as const, cwd: "", environment: {}, marker: "m", timeoutMs: 1_000, outputBytesMax: 1_000 };
const BYTES_MAX = 2_000;
const MIB = new Uint8Array(1024 * 1024);

interface Saying {
  readonly stdout?: ReadableStream<Uint8Array>;
  readonly stderr?: ReadableStream<Uint8Array>;
}

/** A sandbox whose command says that. */
function handOn({ stdout = said(), stderr = said() }: Saying): Hand {
  const process = { stdin: new WritableStream(), stdout, stderr, wait: () => Promise.resolve(0) };
  return new Hand({ exec: () => Promise.resolve(process as never), untilEnded: () => new Promise<never>(() => undefined) }, "/node", "program");
}

function said(...chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

/** Says whatever is taken of it, at most so many chunks, and tells when it was let go. */
function counted(chunk: Uint8Array | null, most = 64) {
  let given = 0;
  const { promise: letGo, resolve } = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (chunk === null) return new Promise<void>(() => undefined);
        if (given === most) controller.close();
        else controller.enqueue(chunk);
        given += 1;
        return undefined;
      },
      cancel: () => resolve(),
    },
    { highWaterMark: 0 },
  );
  return { stream, letGo, given: () => given };
}

async function refusalOf(hand: Hand, timeoutMs = 60_000): Promise<PortError> {
  const error: unknown = await hand.ask("sb-1", "run", RUN, { operation: "exec", bytesMax: BYTES_MAX, timeoutMs }).catch((raised: unknown) => raised);
  if (!(error instanceof PortError)) throw new Error("it was no refusal");
  return error;
}

test.each(["stdout", "stderr"] as const)("[SBX42] a sandbox that says more by its %s than it was asked for is not heard out, and both its streams are let go", async (which) => {
  const flood = counted(MIB);
  const other = counted(null);
  const error = await refusalOf(handOn({ stdout: other.stream, stderr: other.stream, [which]: flood.stream }));
  expect([error.code, error.outcome]).toEqual(["resource-exhausted", "unknown"]);
  expect(flood.given()).toBe(1);
  await Promise.all([flood.letGo, other.letGo]);
});

test("[SBX42] a sandbox that does not answer in time is not listened to any longer", async () => {
  const [out, err] = [counted(null), counted(null)];
  expect((await refusalOf(handOn({ stdout: out.stream, stderr: err.stream }), 1)).code).toBe("deadline-exceeded");
  await Promise.all([out.letGo, err.letGo]);
});

test.each([
  ["a header of another kind", frame({ done: { ended: "exited", exitCode: "0", truncated: false, stdoutBytes: 0 } })],
  ["a size below nothing", frame({ done: { ended: "exited", exitCode: 0, truncated: false, stdoutBytes: -1 } })],
  ["a refusal of no known kind", frame({ refused: { port: "sandbox", operation: "exec", code: "gone-mad", outcome: "unknown", retry: "never", message: "x" } })],
  ["no header", Buffer.from([0, 0, 0, 2, 0x7b, 0x7b])],
])("[SBX56] %s is no answer", async (_, bytes) => {
  const error = await refusalOf(handOn({ stdout: said(bytes) }));
  expect([error.code, error.message]).toEqual(["unknown", "What the sandbox said is no answer to what it was asked."]);
});

test("[SBX42] an answer with all the bytes that it may have is taken", async () => {
  const done = { ended: "exited", exitCode: 0, truncated: true, stdoutBytes: 1_000 } as const;
  const answered = await handOn({ stdout: said(frame({ done }, new Uint8Array(BYTES_MAX))) }).ask("sb-1", "run", RUN, { operation: "exec", bytesMax: BYTES_MAX, timeoutMs: 60_000 });
  expect([answered.done, answered.bytes.length]).toEqual([done, BYTES_MAX]);
});
