/** The doctor on the address at which others reach this Berth by way of a proxy. */
import { Health } from "@berth/protocol";
import type { LocalState } from "../local-state.ts";
import { bad, info, ok, type Finding } from "./finding.ts";

const ANSWER_MS = 5_000;

export async function checkPublicUrl(state: Pick<LocalState, "running">, publicUrl: string | null, env: NodeJS.Dict<string>): Promise<readonly Finding[]> {
  if (publicUrl === null) return [];
  return [await checkAnswer(state, publicUrl), ...checkCallers(env)];
}

async function checkAnswer(state: Pick<LocalState, "running">, publicUrl: string): Promise<Finding> {
  if (publicUrl.startsWith("http:")) return bad("Public URL", `${publicUrl} is not https, so passwords and keys cross the network readable`, `npm start -- --public-url ${publicUrl.replace("http:", "https:")}`);
  if (state.running() === null) return info("Public URL", `${publicUrl}; whether it leads here can be told while Berth runs`);
  try {
    const response = await fetch(`${publicUrl}/health`, { signal: AbortSignal.timeout(ANSWER_MS), redirect: "manual" });
    if (response.ok && Health.safeParse(await response.json()).success) return ok("Public URL", `${publicUrl} leads to a Berth`);
    return bad("Public URL", `${publicUrl} answers ${response.status}, and not as Berth does`, `curl -i ${publicUrl}/health`);
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    return bad("Public URL", `${publicUrl} does not answer (${cause?.code ?? cause?.message ?? message})`, `curl -i ${publicUrl}/health`);
  }
}

/** Reached from elsewhere, with nothing that tells callers apart, one of them can use up everybody's tries to sign in. */
function checkCallers({ CLIENT_ADDRESS_HEADER }: NodeJS.Dict<string>): readonly Finding[] {
  if (CLIENT_ADDRESS_HEADER) return [ok("Callers", `told apart by the proxy's ${CLIENT_ADDRESS_HEADER}`)];
  return [bad("Callers", "CLIENT_ADDRESS_HEADER is missing, so all who sign in count as one", "export CLIENT_ADDRESS_HEADER=x-real-ip")];
}
