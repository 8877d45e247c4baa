/**
 * Logins of an OpenCode that the user already has. Keys can be used; a sign-in with an account cannot: its token is issued
 * to that program and renewed by it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { makeFinding, type Finding } from "./finding.ts";
import { KNOWN_PROVIDERS } from "./known-providers.ts";

const Login = z.discriminatedUnion("type", [
  z.object({ type: z.literal("api"), key: z.string().min(1) }),
  z.object({ type: z.literal("oauth") }),
  z.object({ type: z.literal("wellknown") }),
]);

function refused(provider: string, source: string, unusable: string): Finding {
  const known = KNOWN_PROVIDERS.find((candidate) => candidate.provider === provider);
  return { discovery: { id: `opencode:${provider}`, provider, kind: known?.kind ?? "openai-compatible", source, unusable }, found: null };
}

function toFinding(provider: string, entry: unknown): readonly Finding[] {
  const source = `login of OpenCode for ${provider}`;
  const login = Login.safeParse(entry);
  if (!login.success) return [];
  if (login.data.type !== "api") {
    return [refused(provider, source, "It is a sign-in with an account, which only OpenCode itself may use. Add an API key instead.")];
  }
  const known = KNOWN_PROVIDERS.find((candidate) => candidate.provider === provider);
  if (!known) return [refused(provider, source, "Berth does not know this provider's address. Add it as an OpenAI-compatible provider.")];
  const { kind, baseUrl } = known;
  return [makeFinding(`opencode:${provider}`, source, { provider, kind, baseUrl, key: login.data.key })];
}

/** @param dataHome `$XDG_DATA_HOME`, usually `~/.local/share` */
export async function findOpencodeLogins(dataHome: string): Promise<readonly Finding[]> {
  let text: string;
  try {
    text = await readFile(join(dataHome, "opencode", "auth.json"), "utf8");
  } catch {
    return [];
  }
  try {
    const entries = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    return Object.entries(entries).flatMap(([provider, entry]) => toFinding(provider, entry));
  } catch {
    // Another program's file in a shape we do not know holds nothing for us.
    return [];
  }
}
