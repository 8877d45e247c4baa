/** Requests to a provider of accounts: bounded in time and size, and one kind of error. */
import { authorizationCodeRequest } from "better-auth/oauth2";
import type { z } from "zod";
import type { OutsideTrip } from "../../core/access/outside-sign-in.ts";
import { PortError } from "../../core/kernel/port-error.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface OAuthClient {
  readonly fetch: Fetch;
  readonly clientId: string;
  readonly clientSecret: string;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 256 * 1024;

/** Null for an answer that refuses. @throws PortError where nothing sensible is answered */
export async function ask<T>(provider: string, fetch: Fetch, url: string, init: RequestInit, schema: z.ZodType<T>): Promise<T | null> {
  const failed = (what: string, cause?: unknown): PortError =>
    new PortError({ port: "outside-sign-in", operation: "ask", code: "unknown", outcome: "not-applied", retry: { afterMs: 1_000 }, message: `${provider} ${what}`, cause });
  let text: string;
  let status: number;
  try {
    // A redirect would take the code or the token to another host.
    const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    ({ status } = response);
    text = (await response.text()).slice(0, ANSWER_BYTES_MAX);
  } catch (raw) {
    throw failed("cannot be reached.", raw);
  }
  if (status >= 400 && status < 500 && status !== 429) return null;
  if (status !== 200) throw failed(`answered ${status}.`);
  const parsed = schema.safeParse(json(text));
  if (!parsed.success) throw failed("answered something that is not understood.");
  return parsed.data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export async function tokenRequest({ clientId, clientSecret }: OAuthClient, code: string, { codeVerifier, redirectUri }: Omit<OutsideTrip, "state">): Promise<RequestInit> {
  const { body, headers } = await authorizationCodeRequest({ code, codeVerifier, redirectURI: redirectUri, options: { clientId, clientSecret } });
  return { method: "POST", body: body.toString(), headers: { ...headers, accept: "application/json" } };
}
