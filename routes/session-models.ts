/** Which model providers a session gets, for the model that was asked for. */
import type { Model } from "@berth/protocol";
import { ProblemError } from "../src/app/http/problem-error.ts";
import { resolveModel, sandboxProviders, type ModelUser, type ProviderServices } from "../src/app/providers.ts";
import type { SessionProvider } from "../src/core/providers/own-providers.ts";

export interface SessionModels {
  readonly providers: readonly SessionProvider[];
  /** The demo model only: such a session may run where nothing keeps the agent apart. */
  readonly demoOnly: boolean;
}

/** @throws ProblemError `unknown-model` at `/model`, naming what may be used */
export async function modelsOfNewSession(services: ProviderServices, user: ModelUser, modelId: string): Promise<SessionModels> {
  const { demo, provider } = await checkModel(services, user, modelId);
  const all = await sandboxProviders(services, user);
  // A session of the demo model is told of nothing else: that it stays so is what lets it run without isolation.
  return { providers: demo ? all.filter(({ id }) => id === provider) : all, demoOnly: demo };
}

/**
 * What a session that goes on with another model is told: every provider, and nothing new for the demo model, which all
 * know. Undefined when no model is asked for. @throws ProblemError `unknown-model` at `/model`
 */
export async function providersOfModel(
  services: ProviderServices,
  user: ModelUser,
  modelId: string | undefined,
): Promise<readonly SessionProvider[] | undefined> {
  if (modelId === undefined) return undefined;
  const { demo } = await checkModel(services, user, modelId);
  return demo ? undefined : sandboxProviders(services, user);
}

async function checkModel(services: ProviderServices, user: ModelUser, modelId: string): Promise<Model> {
  const resolved = await resolveModel(services, user, modelId);
  if (resolved.ok) return resolved.value;
  const { problem } = resolved;
  throw new ProblemError({ ...problem, errors: [{ pointer: "/model", message: problem.detail }] });
}
