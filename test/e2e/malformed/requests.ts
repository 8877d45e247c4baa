/** Requests that are wrong in one or more ways, made from the API's own document and a seed. */
import type { Prng } from "../../../src/core/kernel/prng.ts";
import { pick, rightValue, wrongValue, type Components, type Schema } from "./schema-values.ts";

export interface RawRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | null;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Components };
}

interface Draft {
  readonly method: string;
  readonly template: string;
  readonly params: Record<string, string>;
  readonly query: [string, string][];
  readonly headers: Record<string, string>;
  body: unknown;
  raw: Buffer | null;
}

const METHODS = ["get", "post", "put", "patch", "delete"];
const ODD_PATHS = ["%00", "%2e%2e%2f", "..%5c..", "%ff%fe", "a".repeat(3_000), "%E2%80%AE", "ses_00000000000000000000000000", "0", "-1", "null", "[object Object]", "%25", "*"].map((text) => text.replaceAll(" ", "%20"));
const ODD_QUERIES = ["", "-1", "1e9", "NaN", "99999999999999999999", "%00", "%ff", "null", "[]", "eyJhIjoxfQ", "a".repeat(2_000)];
const ODD_HEADERS: readonly (readonly [string, string])[] = [
  ["content-type", "text/plain"],
  ["content-type", "application/json; charset=utf-16"],
  ["content-type", "multipart/form-data"],
  ["content-encoding", "gzip"],
  ["idempotency-key", ""],
  ["idempotency-key", "k".repeat(5_000)],
  ["last-event-id", "-1"],
  ["last-event-id", "not a number"],
  ["accept", "text/event-stream"],
  ["accept", "image/png"],
  ["upgrade", "websocket"],
  ["range", "bytes=5-1"],
  ["if-none-match", "*"],
  ["origin", "https://elsewhere.example"],
  ["cookie", "session=%00; =; ;;"],
  ["x-forwarded-for", "127.0.0.1"],
  ["host", "elsewhere.example"],
];

const FORM = "application/x-www-form-urlencoded";

export class MalformedRequests {
  readonly #operations: readonly { readonly method: string; readonly template: string; readonly operation: Operation }[];
  readonly #components: Components;
  readonly #prng: Prng;
  readonly #key: string;

  /** @param key of an owner, so that what is wrong is met behind the door */
  constructor(document: ApiDocument, key: string, prng: Prng) {
    this.#operations = Object.entries(document.paths).flatMap(([template, methods]) =>
      METHODS.flatMap((method) => (methods[method] ? [{ method: method.toUpperCase(), template, operation: methods[method] }] : [])),
    );
    this.#components = document.components?.schemas ?? {};
    this.#prng = prng;
    this.#key = key;
  }

  get operations(): number {
    return this.#operations.length;
  }

  next(): RawRequest {
    const prng = this.#prng;
    const { method, template, operation } = pick(prng, this.#operations);
    const draft = this.#right(method, template, operation);
    for (let left = 1 + prng.int(3); left > 0; left--) this.#spoil(draft);
    return finished(draft);
  }

  #right(method: string, template: string, { parameters = [], requestBody }: Operation): Draft {
    const prng = this.#prng;
    const content = requestBody?.content ?? {};
    const type = FORM in content ? FORM : "application/json";
    const schema = content[type]?.schema;
    // A form comes from a page of the server's own.
    const site = type === FORM ? { "sec-fetch-site": "same-origin" } : {};
    const params = Object.fromEntries([...template.matchAll(/\{([^}]+)\}/g)].map(([, name = ""]) => [name, pick(prng, ["ses_00000000000000000000000000", "msg_00000000000000000000000000", "demo", "one"])]));
    const query = parameters.filter((each) => each.in === "query" && prng.next() < 0.4).map((each): [string, string] => [each.name, String(rightValue(each.schema ?? {}, this.#components, prng))]);
    return { method, template, params, query, headers: { authorization: `Bearer ${this.#key}`, ...(schema && { "content-type": type, ...site }) }, body: schema && rightValue(schema, this.#components, prng), raw: null };
  }

  #spoil(draft: Draft): void {
    const prng = this.#prng;
    const draw = prng.int(8);
    const names = Object.keys(draft.params);
    if (draw === 0 && names.length > 0) draft.params[pick(prng, names)] = pick(prng, ODD_PATHS);
    else if (draw === 1) draft.query.push([pick(prng, ["after", "limit", "cursor", "status", "ticket", "frames", "x%00"]), pick(prng, ODD_QUERIES)]);
    else if (draw === 2) {
      const [name, value] = pick(prng, ODD_HEADERS);
      draft.headers[name] = value;
    } else if (draw === 3) draft.raw = this.#noJson(draft.body);
    else draft.body = this.#spoiled(draft.body);
  }

  /** One field, at any depth, is of the wrong kind, is missing, or is one that nobody knows. */
  #spoiled(body: unknown): unknown {
    const prng = this.#prng;
    if (typeof body !== "object" || body === null || Array.isArray(body) || prng.next() < 0.15) return wrongValue(prng);
    const copy: Record<string, unknown> = { ...body };
    const name = pick(prng, [...Object.keys(copy), "unknown"]);
    const draw = prng.next();
    if (draw < 0.2) delete copy[name];
    else if (draw < 0.6) copy[name] = wrongValue(prng);
    else copy[name] = this.#spoiled(copy[name]);
    return copy;
  }

  #noJson(body: unknown): Buffer {
    const prng = this.#prng;
    const whole = Buffer.from(JSON.stringify(body) ?? "{}");
    return pick(prng, [whole.subarray(0, prng.int(whole.length + 1)), Buffer.from(prng.bytes(1 + prng.int(200))), Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), whole]), Buffer.from("[".repeat(20_000)), Buffer.from('{"a":1,"a":2}'), Buffer.alloc(0)]);
  }
}

function asForm(body: unknown): Buffer {
  if (typeof body !== "object" || body === null) return Buffer.from(String(body));
  return Buffer.from(new URLSearchParams(Object.entries(body).map(([name, value]) => [name, typeof value === "string" ? value : (JSON.stringify(value) ?? "")])).toString());
}

function finished({ method, template, params, query, headers, body, raw }: Draft): RawRequest {
  const path = template.replace(/\{([^}]+)\}/g, (_, name: string) => params[name] ?? "") + (query.length > 0 ? `?${query.map(([name, value]) => `${name}=${value}`).join("&")}` : "");
  const bytes = raw ?? (body === undefined ? null : headers["content-type"] === FORM ? asForm(body) : Buffer.from(JSON.stringify(body) ?? "null"));
  // `URL` would mend what is to arrive as it is; what no request line can hold is escaped.
  return { method, path: path.replace(/[^\x21-\x7e]/g, encodeURIComponent), headers, body: method === "GET" ? null : bytes };
}
