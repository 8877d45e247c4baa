/** What the session's environment gives this sandbox, asked for once: it stays what it was when the sandbox began. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { NamedPort } from "@berth/protocol";
import { z } from "zod";
import { askControlPlane, type ControlPlane } from "../ask-control-plane.ts";

const Beginning = z.object({ variables: z.record(z.string(), z.string()), setupScript: z.string(), ports: z.array(NamedPort).default([]) });
export type Beginning = z.infer<typeof Beginning>;

const Answer = z.object({ environment: Beginning.nullable() });

/** Null: the environment is not there any more. */
export type ReadBeginning = (signal: AbortSignal) => Promise<Beginning | null>;

/** What the sandbox's environment calls its ports; none before it was told of one. @param file as for `createBeginningReader` */
export function namedPorts(file: string): readonly NamedPort[] {
  return existsSync(file) ? (Answer.parse(JSON.parse(readFileSync(file, "utf8"))).environment?.ports ?? []) : [];
}

/** @param file of this epoch, so that a runtime that was restarted begins with the same. The answer throws in the server's words */
export function createBeginningReader(plane: ControlPlane, file: string): ReadBeginning {
  return async (signal) => {
    if (existsSync(file)) return Answer.parse(JSON.parse(readFileSync(file, "utf8"))).environment;
    const answer = await askControlPlane(plane, "/v1/sandbox/environment", { schema: Answer, what: "The session's environment", signal });
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(answer), { mode: 0o600 });
    return answer.environment;
  };
}
