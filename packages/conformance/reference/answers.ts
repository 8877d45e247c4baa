/** How the reference server reads what it is asked, and answers or refuses it; refusals as RFC 9457 writes them. */
import type { Answer, Json } from "./tamper.ts";

const STATUS: Record<string, number> = {
  "malformed-json": 400, "bad-cursor": 400, "bad-request": 400, unauthenticated: 401, "not-found": 404, "method-not-allowed": 405, conflict: 409,
  "unsupported-media-type": 415, "invalid-field": 422, "idempotency-mismatch": 422, "unknown-model": 422,
};

export class Refusal extends Error {
  readonly problem: Json & { status: number };
  constructor(slug: string, detail: string, extra: Json = {}) {
    super(detail);
    this.problem = { type: `https://berth.dev/problems/${slug}`, title: slug.replaceAll("-", " "), status: STATUS[slug] ?? 500, detail, ...extra };
  }
}

export const fieldRefused = (pointer: string, message: string): Refusal => new Refusal("invalid-field", `${pointer}: ${message}`, { errors: [{ pointer, message }] });
export const problemOf = (error: unknown): Json & { status: number } => (error instanceof Refusal ? error : new Refusal("internal", String(error))).problem;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
export const ok = (body: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({ status, headers, body });
export const refuse = (refusal: Refusal): never => { throw refusal; };
const attempt = <T>(read: () => T): T | undefined => { try { return read(); } catch { return undefined; } };

export function refused(error: unknown): Answer {
  const { allow, ...body } = problemOf(error);
  return ok(body, body.status, { "content-type": "application/problem+json", ...(allow === undefined ? {} : { allow: String(allow) }) });
}

/** The answer to an upgrade, as text. */
export function refusalText(error: unknown): string {
  const answer = JSON.stringify(problemOf(error));
  return `HTTP/1.1 ${problemOf(error).status} Refused\r\ncontent-type: application/problem+json\r\nconnection: close\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`;
}

/** @param fields those that are known; null: any */
export function readBody(contentType: string | undefined, text: string, fields: readonly string[] | null): Json {
  if (!/json/.test(contentType ?? "")) throw new Refusal("unsupported-media-type", "Send JSON.");
  const value = attempt(() => JSON.parse(text) as Json) ?? refuse(new Refusal("malformed-json", "The body is not valid JSON."));
  for (const field of Object.keys(value)) if (fields && !fields.includes(field)) throw fieldRefused(`/${field}`, "This is not known.");
  return value;
}

const SAID: Record<string, string> = { ack: "frame", prompt: "requestId text model? delivery? idempotencyKey?", cancel: "requestId messageId", stop: "requestId", answer: "requestId request answer" };

/** What a viewer says, where it is one of the actions with all of its fields and no other. */
export function readSaid(text: string): Json | null {
  const said: unknown = attempt(() => JSON.parse(text) as unknown);
  const fields = isObject(said) ? SAID[String(said["type"])]?.split(" ") : undefined;
  const isWhole = isObject(said) && fields?.every((field) => field.endsWith("?") || field in said);
  return isWhole && Object.keys(said).every((name) => name === "type" || fields?.some((field) => field.replace("?", "") === name)) ? said : null;
}

/** The beginning and the end of a text in at most so many bytes, with a mark between them; no character is cut. */
export function headAndTail(text: string, bytesMax: number): string {
  const [all, kept] = [Buffer.from(text), Math.floor((bytesMax - 80) / 2)];
  const [head, tail] = [all.subarray(0, kept).toString().replace(/\uFFFD+$/, ""), all.subarray(-kept).toString().replace(/^\uFFFD+/, "")];
  return `${head}\n… ${all.length - 2 * kept} bytes are left out here …\n${tail}`;
}
