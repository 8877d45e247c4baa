/** Asks the control plane with the sandbox's own token, at the address of the link, until it answers. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { controlPlaneUrl } from "./control-plane.ts";

export interface ControlPlane {
  /** `ws://` or `wss://` address of the link. */
  readonly linkUrl: string;
  readonly token: string;
}

const CALL_TIMEOUT_MS = 10_000;
/** Long enough for a database that is restarted, and within what an attempt to start may take. */
const PAUSES_MS = [300, 1_500, 4_000, 8_000] as const;

const Refusal = z.object({ detail: z.string() });

/** @param what as the sentence of a refusal begins. @throws Error in the server's words */
export async function askControlPlane<T>({ linkUrl, token }: ControlPlane, path: string, { schema, what, signal }: { readonly schema: z.ZodType<T>; readonly what: string; readonly signal: AbortSignal }): Promise<T> {
  const url = controlPlaneUrl(linkUrl, path).href;
  const ask = (): Promise<Response> => fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]) });
  for (const pauseMs of PAUSES_MS) {
    const answer = await ask().catch(() => null);
    signal.throwIfAborted();
    if (answer !== null && answer.status < 500) return read(answer, schema, what);
    await delay(pauseMs, undefined, { signal });
  }
  return read(await ask(), schema, what);
}

async function read<T>(answer: Response, schema: z.ZodType<T>, what: string): Promise<T> {
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok) return schema.parse(body);
  const refusal = Refusal.safeParse(body);
  throw new Error(`${what} cannot be read: ${refusal.success ? refusal.data.detail : `the server answered ${answer.status}.`}`);
}
