/** Answers and refusals of the reference server; refusals as RFC 9457 writes them. */
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
export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
export const ok = (body: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({ status, headers, body });
export const refuse = (refusal: Refusal): never => { throw refusal; };
export const attempt = <T>(read: () => T): T | undefined => { try { return read(); } catch { return undefined; } };
