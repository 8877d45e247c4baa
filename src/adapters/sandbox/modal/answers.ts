/** Reads the answers of the program inside a sandbox. It runs as the agent's user, so nothing of them is taken on trust. */
import { SandboxMeasurement, Workspace } from "@berth/protocol";
import { z } from "zod";
import { PORT_ERROR_CODES, PortError } from "../../../core/kernel/port-error.ts";
import { refusal } from "../session-folders/errors.ts";
import { unframe, type Frame } from "./frames.ts";
import type { Asked } from "./inside/asked.ts";

export interface Said<Name extends keyof Asked> {
  readonly done: Asked[Name]["answer"];
  readonly bytes: Buffer;
}

/** What is around the bytes of an answer, and all of one without any. */
export const HEAD_BYTES_MAX = 256 * 1024;

const nothing = z.strictObject({});

const DONE: { readonly [Name in keyof Asked]: z.ZodType<Asked[Name]["answer"]> } = {
  ready: nothing,
  run: z.object({ ended: z.enum(["exited", "timed-out", "canceled"]), exitCode: z.int(), truncated: z.boolean(), stdoutBytes: z.int().nonnegative() }),
  read: z.object({ isThere: z.boolean() }),
  write: nothing,
  measure: SandboxMeasurement,
  whose: z.object({ id: z.string().max(200), orgId: z.string().max(200), sessionId: z.string().max(200), epoch: z.int(), workspace: Workspace, demoOnly: z.boolean() }),
  quit: nothing,
};

const Refused = z.object({
  code: z.enum(PORT_ERROR_CODES),
  outcome: z.enum(["not-applied", "applied", "unknown"]),
  retry: z.union([z.enum(["never", "same-request"]), z.object({ afterMs: z.int().nonnegative() })]),
  message: z.string().max(2_000),
  fix: z.string().max(2_000).optional(),
});

/** @throws PortError as it was refused inside; `unknown` when it is no answer to that */
export function readAnswer<Name extends keyof Asked>(operation: string, name: Name, said: Buffer): Said<Name> {
  const whole = framed(operation, said);
  if (whole === null) throw refusal(operation, "The sandbox's answer was cut.", { code: "unknown", outcome: "unknown" });
  const { data } = z.union([z.object({ refused: Refused }), z.object({ done: z.unknown() })]).safeParse(whole.header);
  if (data !== undefined && "refused" in data) {
    const { fix, ...refused } = data.refused;
    throw new PortError({ port: "sandbox", operation, ...refused, ...(fix === undefined ? {} : { fix }) });
  }
  const answered = DONE[name].safeParse(data?.done);
  if (!answered.success) throw noAnswer(operation, answered.error);
  return { done: answered.data, bytes: whole.bytes };
}

function framed(operation: string, said: Buffer): Frame | null {
  try {
    return unframe(said);
  } catch (error) {
    throw noAnswer(operation, error);
  }
}

function noAnswer(operation: string, cause: unknown): PortError {
  return refusal(operation, "What the sandbox said is no answer to what it was asked.", { code: "unknown", outcome: "unknown", cause });
}
