/** Which model providers a session gets, for the model that was asked for. */
import { makeProblem, type SandboxProviderConfig } from "@berth/protocol";
import type { Services } from "../src/app/services.ts";
import { ProblemError } from "../src/app/http/problem-error.ts";

export interface SessionModels {
  readonly providers: readonly SandboxProviderConfig[];
  readonly demoOnly: boolean;
}

export async function sandboxProvidersFor(services: Services, orgId: string, model: string, pointer: string): Promise<SessionModels> {
  const connections = await services.catalog.listProviders(orgId);
  const known = connections.flatMap(({ provider, models }) => models.map(({ id }) => `${provider}/${id}`));
  const allowed = services.demoModelUrl === null ? known : [...known, "demo/berth"];
  if (!allowed.includes(model)) {
    const message = `The model ${model} is not available here.`;
    throw new ProblemError(makeProblem("unknown-model", message, { errors: [{ pointer, message }], allowed }));
  }
  return { providers: [], demoOnly: model.startsWith("demo/") };
}
