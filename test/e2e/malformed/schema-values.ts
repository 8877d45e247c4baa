/** Values by a JSON schema of the API's own document: right ones, and what stands in for a part of one that is wrong. */
import type { Prng } from "../../../src/core/kernel/prng.ts";

export type Schema = Readonly<Record<string, unknown>>;
export type Components = Readonly<Record<string, Schema>>;

const DEPTH_MAX = 6;

export const pick = <T>(prng: Prng, values: readonly T[]): T => values[prng.int(values.length)] as T;

/** A value that the schema mostly takes. */
export function rightValue(schema: Schema, components: Components, prng: Prng, depth = 0): unknown {
  const ref = schema["$ref"];
  if (typeof ref === "string") return rightValue(components[ref.split("/").at(-1) ?? ""] ?? {}, components, prng, depth + 1);
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return pick(prng, schema["enum"]);
  const choices = schema["anyOf"] ?? schema["oneOf"] ?? schema["allOf"];
  if (Array.isArray(choices) && choices.length > 0) return rightValue(pick(prng, choices as Schema[]), components, prng, depth + 1);
  const type = Array.isArray(schema["type"]) ? pick(prng, schema["type"] as string[]) : schema["type"];
  switch (type) {
    case "string":
      return text(schema, prng);
    case "integer":
    case "number":
      return prng.int(50);
    case "boolean":
      return prng.next() < 0.5;
    case "null":
      return null;
    case "array":
      return depth > DEPTH_MAX ? [] : Array.from({ length: prng.int(3) }, () => rightValue((schema["items"] ?? {}) as Schema, components, prng, depth + 1));
    default:
      return objectOf(schema, components, prng, depth);
  }
}

function objectOf(schema: Schema, components: Components, prng: Prng, depth: number): Record<string, unknown> {
  const required = (schema["required"] ?? []) as readonly string[];
  const fields = Object.entries((schema["properties"] ?? {}) as Record<string, Schema>);
  const wanted = fields.filter(([name]) => required.includes(name) || (depth <= DEPTH_MAX && prng.next() < 0.6));
  return Object.fromEntries(wanted.map(([name, field]) => [name, rightValue(field, components, prng, depth + 1)]));
}

function text({ format }: Schema, prng: Prng): string {
  if (format === "date-time") return "2026-01-02T03:04:05.000Z";
  if (format === "email") return "ada@example.com";
  // Never an address that could be called: nothing of this may leave the machine.
  if (format === "uri") return `http://127.0.0.1:${1 + prng.int(1000)}/v1`;
  return pick(prng, ["demo/demo", "a", "example", "ses_00000000000000000000000000", "main"]);
}

const WRONG: readonly ((prng: Prng) => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 1e308,
  () => 2 ** 53,
  () => 0.1,
  () => "",
  () => "\u0000",
  () => "\ud800",
  () => "a".repeat(70_000),
  () => "'; DROP TABLE sessions; --",
  () => "../../../../etc/passwd",
  () => "{{7*7}}${7*7}",
  () => [],
  () => [[[[[[]]]]]],
  () => ({}),
  () => ({ __proto__: null, constructor: { prototype: { isAdmin: true } } }),
  () => ({ "": { "": { "": "" } } }),
  (prng) => nested(50 + prng.int(400)),
  (prng) => String.fromCodePoint(...prng.bytes(20)),
];

export function wrongValue(prng: Prng): unknown {
  return pick(prng, WRONG)(prng);
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
