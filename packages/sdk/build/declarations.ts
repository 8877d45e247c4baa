/** The protocol's types as plain TypeScript text, made from its schemas: `z.infer` without the schema library. */
import * as protocol from "@berth/protocol";
import { z } from "zod";

interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly description?: string;
}

/** Written by hand in the protocol, since they are made of the catalogue or never validated. */
const HAND_WRITTEN = `
export type EventType = keyof EventCatalogue;
export type EventData<T extends EventType> = EventCatalogue[T];
/** A committed event. \`seq\` counts 1, 2, 3 … per session without gaps; \`at\` is ISO 8601. */
export type SessionEvent = {
  [T in EventType]: {
    readonly type: T;
    readonly data: EventCatalogue[T];
    readonly messageId?: string | undefined;
    readonly runId?: string | undefined;
    readonly actor?: Actor | undefined;
    readonly seq: number;
    readonly id: string;
    readonly at: string;
  };
}[EventType];
/** A piece of a part that is still open. \`offset\` counts UTF-16 units from the part's start. */
export interface Delta {
  readonly partId: string;
  readonly offset: number;
  readonly text: string;
}
export type ServerFrame =
  | { readonly type: "frame"; readonly frame: number; readonly events: readonly SessionEvent[]; readonly deltas: readonly Delta[] }
  | { readonly type: "synced"; readonly seq: number }
  | { readonly type: "reset"; readonly from: number }
  | { readonly type: "result"; readonly requestId: string; readonly value: unknown }
  | { readonly type: "problem"; readonly requestId?: string; readonly problem: Problem };
`;

export function protocolDeclarations(): string {
  const schemas = Object.entries(protocol).filter((entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType);
  const types = schemas.map(([name, schema]) => `export type ${name} = ${typeOf(schema)};`);
  const events = Object.entries(protocol.EVENT_DATA).map(([name, schema]) => `  "${name}": ${typeOf(schema)};`);
  const catalogue = `/** Every event type with its data. */\nexport interface EventCatalogue {\n${events.join("\n")}\n}`;
  return `/** Made from the protocol's schemas. */\n${types.join("\n")}\n${catalogue}${HAND_WRITTEN}`;
}

function typeOf(schema: z.ZodType): string {
  // What cannot be said in JSON Schema is nothing that the wire carries.
  return print(z.toJSONSchema(schema, { io: "output", unrepresentable: "any", reused: "inline" }) as JsonSchema);
}

function print(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return union(choices.map(print));
  switch (schema.type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `(${print(schema.items ?? {})})[]`;
    case "object":
      return object(schema);
    default:
      return "unknown";
  }
}

function object({ properties, required = [], additionalProperties }: JsonSchema): string {
  if (!properties) return `{ [key: string]: ${typeof additionalProperties === "object" ? print(additionalProperties) : "unknown"} }`;
  const fields = Object.entries(properties).map(([name, field]) => {
    const doc = field.description ? `/** ${field.description} */ ` : "";
    return required.includes(name) ? `${doc}${name}: ${print(field)}` : `${doc}${name}?: ${print(field)} | undefined`;
  });
  return `{ ${fields.join("; ")} }`;
}

function union(members: readonly string[]): string {
  return [...new Set(members)].join(" | ");
}
