/** The secrets that the agent may read, asked for with the sandbox's own token at the address of the link. They stay in memory. */
import { z } from "zod";
import { askControlPlane, type ControlPlane } from "./ask-control-plane.ts";

export type ReadSecrets = (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;

const Answer = z.object({ environment: z.record(z.string(), z.string()) });

/** An agent without the secrets it should have would fail later, and in ways that say less: what it answers throws in the server's words. */
export function createSecretsClient(plane: ControlPlane): ReadSecrets {
  return async (signal) => (await askControlPlane(plane, "/v1/sandbox/secrets", { schema: Answer, what: "The session's secrets", signal })).environment;
}
