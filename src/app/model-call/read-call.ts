/** From a request's bytes to what can be told of the call before it is sent. Pure; the agent may send any bytes. */
import type { ModelWire } from "../../ports/model-gateway/model-gateway.port.ts";
import { judgeCache, judgeChat, judgeContents, judgeMessages, judgeResponses } from "./content.ts";
import { ambiguousName } from "./json-names.ts";
import { asJson, asList, Judged, type Json } from "./judged.ts";
import { CHAT_COMPATIBLE, CHAT_OPENAI, CONTENTS_GOOGLE, GENERATION, MESSAGES_ANTHROPIC, PLAIN_TIERS, RESPONSES_OPENAI, type Settings } from "./settings.ts";

export interface AskedCall {
  /** Name at the provider; empty when the request does not say. */
  readonly model: string;
  readonly bytes: number;
  readonly hasTools: boolean;
  /** False where what it holds may be more tokens than it has bytes. */
  readonly isText: boolean;
  /** False where part of it is kept elsewhere. */
  readonly isInline: boolean;
  /** The largest limit on one answer that it names; 0 for none. */
  readonly outputTokens: number;
  /** Whether the provider surely obeys that limit. */
  readonly isLimited: boolean;
  /** How many answers it asks for. */
  readonly copies: number;
  /** A field that makes its cost endless; null for none. */
  readonly endless: string | null;
}

/** Why nobody can say what the body asks for. */
export interface UnreadCall {
  readonly problem: string;
}

export function readCall(wire: ModelWire, path: string, body: Uint8Array): AskedCall | UnreadCall {
  const text = decoded(body);
  const json = text === null ? null : parsed(text);
  if (text === null || json === null) return { problem: "The body is not a JSON object." };
  const twice = ambiguousName(text);
  if (twice !== null) return { problem: `The body names \`${twice.slice(0, 60)}\` twice, so it can be read in two ways. Name it once.` };
  const ofPath = /^\/models\/([^/:]+):/.exec(path)?.[1];
  const model = ofPath === undefined ? json["model"] : unescaped(ofPath);
  return { model: typeof model === "string" ? model : "", bytes: body.byteLength, ...judge(wire, path, json) };
}

function judge(wire: ModelWire, path: string, json: Json): Omit<AskedCall, "model" | "bytes"> {
  const judged = new Judged();
  const settings = settingsOf(wire, path);
  const config = wire === "google" ? (asJson(json["generationConfig"] ?? {}) ?? {}) : json;
  const limits = wire === "google" ? ["maxOutputTokens"] : settings.limits;
  const copies = wire === "google" ? ["candidateCount"] : settings.copies;
  judgeSettings(judged, settings, json);
  if (wire === "google") judgeGeneration(judged, json["generationConfig"], config);
  judgeContent(judged, settings, json);
  for (const tool of asList(json["tools"])) {
    judgeCache(judged, asJson(tool)?.["cache_control"]);
    if (!settings.isOwnTool(asJson(tool) ?? { type: "none" })) judged.isEndless("tools");
  }
  return {
    hasTools: json["tools"] !== undefined || json["functions"] !== undefined,
    outputTokens: Math.max(0, ...limitsIn(judged, config, [...limits, ...settings.uncertainLimits])),
    isLimited: limitsIn(judged, config, limits).length > 0,
    copies: copiesIn(judged, config, copies),
    isText: judged.isText,
    isInline: judged.isInline,
    endless: judged.endless,
  };
}

function settingsOf(wire: ModelWire, path: string): Settings {
  if (wire === "anthropic") return MESSAGES_ANTHROPIC;
  if (wire === "google") return CONTENTS_GOOGLE;
  if (wire === "openai-compatible") return CHAT_COMPATIBLE;
  return path.startsWith("/responses") ? RESPONSES_OPENAI : CHAT_OPENAI;
}

function judgeSettings(judged: Judged, { known, limits, uncertainLimits, copies, references }: Settings, json: Json): void {
  for (const [name, value] of Object.entries(json)) {
    if (references.includes(name)) {
      if (value !== null) judged.mayBeLarger();
    } else if (![...limits, ...uncertainLimits, ...copies].includes(name) && !known.has(name) && name !== "generationConfig") judged.isEndless(name);
  }
  if (!PLAIN_TIERS.has(json["service_tier"])) judged.isEndless("service_tier");
}

function judgeGeneration(judged: Judged, given: unknown, config: Json): void {
  if (given !== undefined && asJson(given) === null) judged.isEndless("generationConfig");
  for (const name of Object.keys(config)) if (!GENERATION.has(name) && !["maxOutputTokens", "candidateCount"].includes(name)) judged.isEndless(name);
  if (asList(config["responseModalities"]).some((kind) => kind !== "TEXT")) judged.isEndless("responseModalities");
}

function judgeContent(judged: Judged, settings: Settings, json: Json): void {
  switch (settings) {
    case MESSAGES_ANTHROPIC:
      return judgeMessages(judged, json);
    case CONTENTS_GOOGLE:
      return judgeContents(judged, json);
    case RESPONSES_OPENAI:
      return judgeResponses(judged, json);
    default:
      return judgeChat(judged, json);
  }
}

/** All, since which of them a provider obeys is not known. Some take "64000" for a number, so what is none has no end. */
function limitsIn(judged: Judged, config: Json, names: readonly string[]): readonly number[] {
  return names.flatMap((name) => {
    const value = config[name] ?? null;
    if (value !== null && !isCount(value)) judged.isEndless(name);
    return isCount(value) ? value : [];
  });
}

function copiesIn(judged: Judged, config: Json, names: readonly string[]): number {
  const given = names.flatMap((name) => {
    const value = config[name] ?? 1;
    if (isCount(value) && value <= COPIES_MAX) return value;
    judged.isEndless(name);
    return [];
  });
  return Math.max(1, ...given);
}

/** Past this it is not a call that anybody makes. */
const COPIES_MAX = 1_000;

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value <= 100_000_000;
}

function decoded(body: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

function parsed(text: string): Json | null {
  try {
    return asJson(JSON.parse(text));
  } catch {
    return null;
  }
}

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return "";
  }
}
