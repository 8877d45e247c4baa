/** Requests to the server under test, with nothing repeated and nothing hidden. */
import { check } from "./check.ts";

export interface Asked {
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: the key the kit was given. Null: none. */
  readonly key?: string | null;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** Null when the answer was no JSON. */
  readonly body: unknown;
}

const REQUEST_MS = 30_000;

export class Api {
  readonly url: string;
  readonly key: string;

  constructor(url: string, key: string) {
    this.url = url.replace(/\/+$/, "");
    this.key = key;
  }

  headers({ headers = {}, key = this.key }: Asked = {}): Record<string, string> {
    return { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers };
  }

  /** @param line for example `POST /v1/sessions` */
  async ask(line: string, asked: Asked = {}): Promise<Answered> {
    const [method = "GET", path = "/"] = line.split(" ");
    const body = asked.raw ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
    const response = await fetch(this.url + path, {
      method,
      headers: this.headers({ ...asked, headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }), ...asked.headers } }),
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) };
  }

  /** The bytes at an address, or at a path of this server. */
  async read(address: string): Promise<{ readonly status: number; readonly headers: Headers; readonly bytes: Uint8Array }> {
    const response = await fetch(new URL(address, this.url), { headers: this.headers(), signal: AbortSignal.timeout(REQUEST_MS) });
    return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) };
  }

  /** The body of an answer that is no refusal. */
  async json<T>(line: string, asked: Asked = {}): Promise<T> {
    const { status, body } = await this.ask(line, asked);
    check(status >= 200 && status < 300, `${line} was answered ${status} ${JSON.stringify(body)}`);
    return body as T;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
