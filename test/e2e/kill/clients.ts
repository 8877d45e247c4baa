/** Clients of the kill tests: plain requests under an `Idempotency-Key`, sent again after any error until they are answered. */
import { setTimeout as delay } from "node:timers/promises";
import type { Accepted } from "./checker.ts";

const ATTEMPT_MS = 5_000;
const PAUSE_MS = 250;

export class Clients {
  readonly #url: string;
  readonly #apiKey: string;

  constructor(url: string, apiKey: string) {
    this.#url = url;
    this.#apiKey = apiKey;
  }

  /** @returns the id of the session. @throws Error when it is refused, or not answered in time */
  async createSession(key: string, body: object): Promise<string> {
    const { id } = (await this.#post("/v1/sessions", key, body)) as { id: string };
    return id;
  }

  async send(sessionId: string, key: string, text: string): Promise<Accepted> {
    const { id } = (await this.#post(`/v1/sessions/${sessionId}/messages`, key, { text })) as { id: string };
    return { key, messageId: id };
  }

  /** The session's status, or what was in the way of asking. */
  async status(sessionId: string): Promise<string> {
    try {
      const response = await this.#fetch(`/v1/sessions/${sessionId}`, {});
      const body = (await response.json()) as { status?: string; waitingFor?: string | null; failure?: { code: string; message: string } | null };
      return response.ok ? [body.status, body.waitingFor ?? "", body.failure ? `${body.failure.code}: ${body.failure.message}` : ""].filter((part) => part !== "").join(" ") : `answered ${response.status}`;
    } catch (error) {
      return String(error);
    }
  }

  /** One that is gone already, by an attempt whose answer was lost, is as good. */
  async remove(sessionId: string): Promise<void> {
    await this.#untilAnswered(`/v1/sessions/${sessionId}`, { method: "DELETE" }, (status) => status === 404);
  }

  async #post(path: string, key: string, body: object): Promise<unknown> {
    const headers = { "idempotency-key": key, "content-type": "application/json" };
    return JSON.parse(await this.#untilAnswered(path, { method: "POST", headers, body: JSON.stringify(body) }));
  }

  async #untilAnswered(path: string, init: RequestInit & { readonly method: string }, isAlsoFine: (status: number) => boolean = () => false): Promise<string> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const answer = await this.#try(path, init, isAlsoFine);
      if (typeof answer !== "string") return answer.text;
      if (Date.now() > deadline) throw new Error(`${init.method} ${path}: ${answer}`);
      await delay(PAUSE_MS);
    }
  }

  /** A text says why it is tried again. @throws Error for a refusal that a repeat would meet again */
  async #try(path: string, init: RequestInit & { readonly method: string }, isAlsoFine: (status: number) => boolean): Promise<string | { readonly text: string }> {
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(path, init);
      text = await response.text();
    } catch (error) {
      return String((error as Error).cause ?? error);
    }
    if (response.ok || isAlsoFine(response.status)) return { text };
    if (response.status >= 500 || response.status === 429 || response.status === 409) return `${response.status} ${text}`;
    throw new Error(`${init.method} ${path}: ${response.status} ${text}`);
  }

  #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string> | undefined), authorization: `Bearer ${this.#apiKey}` };
    return fetch(this.#url + path, { ...init, headers, signal: AbortSignal.timeout(ATTEMPT_MS) });
  }
}
