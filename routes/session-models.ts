/** Which model providers a session gets, for the model that was asked for. */
import type { SandboxProviderConfig } from "@berth/protocol";
import { ProblemError } from "../src/app/http/problem-error.ts";
import { resolveModel, sandboxProviders, type ProviderServices } from "../src/app/providers.ts";

export interface SessionModels {
  readonly providers: readonly SandboxProviderConfig[];
  /** The demo model only: such a session may run where nothing keeps the agent apart. */
  readonly demoOnly: boolean;
}

/** @throws ProblemError `unknown-model` at `pointer`, naming what may be used */
export async function sandboxProvidersFor(services: ProviderServices, orgId: string, modelId: string, pointer: string): Promise<SessionModels> {
  const resolved = await resolveModel(services, orgId, modelId);
  if (!resolved.ok) {
    const { problem } = resolved;
    throw new ProblemError({ ...problem, errors: [{ pointer, message: problem.detail }] });
  }
  return { providers: await sandboxProviders(services, orgId), demoOnly: resolved.value.demo };
}
