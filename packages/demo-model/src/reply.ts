/** Writing to a reader that may be slow or gone. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";

export class Reply {
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once("close", () => this.#gone.abort());
  }

  /** Aborted once the reader has left. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  get started(): boolean {
    return this.#response.headersSent;
  }

  /** One server-sent event; waits while the reader is behind. */
  async event(data: unknown, name?: string): Promise<void> {
    await this.#write(`${name === undefined ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  }

  finish(): void {
    this.#open();
    this.#response.end();
  }

  json(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  }

  /** Sends raw bytes that are half an event, then drops the connection. */
  async cut(bytes: string): Promise<void> {
    await this.#write(bytes);
    await new Promise<void>((resolve) => this.#response.write("", () => resolve()));
    this.#response.destroy();
  }

  #open(): void {
    if (this.started) return;
    this.#response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" });
  }

  async #write(text: string): Promise<void> {
    this.signal.throwIfAborted();
    this.#open();
    if (!this.#response.write(text)) await once(this.#response, "drain", { signal: this.signal });
  }
}
