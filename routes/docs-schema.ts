/** JSON schemas as HTML: a type in one line, an object as a table of its fields. */
import { escapeHtml } from "./html.ts";

/** What of JSON schema the API's own document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** One line of HTML. */
export function typeOf(schema: Schema): string {
  if (schema.$ref) {
    const name = escapeHtml(schema.$ref.split("/").at(-1) ?? "");
    return `<a href="#schema-${name}"><code>${name}</code></a>`;
  }
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(" | ");
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return variants.map(typeOf).join(" | ");
  if (schema.allOf) return schema.allOf.map(typeOf).join(" and ");
  if (schema.type === "array") return `array of ${typeOf(schema.items ?? {})}`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object") return `map of ${typeOf(schema.additionalProperties)}`;
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : String(schema.type ?? "any");
  return [escapeHtml(schema.format ?? type), boundsOf(schema)].filter((piece) => piece !== "").join(" ");
}

/** Fields as rows; a union as one table per variant; anything else as its type. */
export function schemaTable(schema: Schema): string {
  const said = schema.description ? `<p>${escapeHtml(schema.description)}</p>` : "";
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants?.some(({ properties }) => properties)) {
    return said + variants.map((variant, at) => `${at === 0 ? "" : `<p class="or">or</p>`}${schemaTable(variant)}`).join("");
  }
  if (schema.allOf) return said + schema.allOf.map(schemaTable).join("");
  if (!schema.properties) return `${said}<p>${typeOf(schema)}</p>`;
  return `${said}<div class="table"><table><thead><tr><th>field</th><th>value</th></tr></thead><tbody>${rows(schema, "")}</tbody></table></div>`;
}

function rows({ properties = {}, required = [] }: Schema, path: string): string {
  return Object.entries(properties).map(([name, field]) => row(`${path}${name}`, field, required.includes(name))).join("");
}

/** What lies deeper follows with its whole path, so that no table is inside another. */
function row(path: string, field: Schema, isRequired: boolean): string {
  const label = `<code>${escapeHtml(path)}</code>${isRequired ? "" : " <small>optional</small>"}`;
  const said = field.description ? ` ${escapeHtml(field.description)}` : "";
  const own = `<tr><td>${label}</td><td>${typeOf(field)}${said}</td></tr>`;
  const inner = field.type === "array" ? (field.items ?? {}) : field;
  const deeper = field.type === "array" ? `${path}[].` : `${path}.`;
  const variants = inner.oneOf ?? inner.anyOf ?? [inner];
  return own + variants.map((variant) => rows(variant, deeper)).join("");
}

function boundsOf({ minimum, maximum, minLength, maxLength, minItems, maxItems }: Schema): string {
  const [least, most] = [minimum ?? minLength ?? minItems, maximum ?? maxLength ?? maxItems];
  // The limits of a safe integer are the format's, and say nothing about the field.
  const shown = [least === undefined || least <= Number.MIN_SAFE_INTEGER ? "" : `≥ ${least}`, most === undefined || most >= Number.MAX_SAFE_INTEGER ? "" : `≤ ${most}`].filter((piece) => piece !== "");
  const unit = minLength === undefined && maxLength === undefined ? "" : " characters";
  return shown.length === 0 ? "" : `<small>(${shown.join(", ")}${unit})</small>`;
}

function literal(value: unknown): string {
  return `<code>${escapeHtml(JSON.stringify(value))}</code>`;
}
