/**
 * What crosses between a database client and the pool that runs its statements. Plain data, since the two may be in
 * different isolates; failures are values, since thrown errors lose their fields on the way.
 */
import { isPortError, PortError, type PortErrorInit } from "../../core/kernel/port-error.ts";

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly rowMode: "array" | "object";
}

/** The part of `pg`'s result that Drizzle and its callers read. */
export interface StatementResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly oid: number;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly unknown[];
}

export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: WireFailure };

export type WireFailure =
  | { readonly kind: "port"; readonly error: Omit<PortErrorInit, "cause"> }
  | { readonly kind: "pg"; readonly message: string; readonly fields: Readonly<Record<string, string>> };

/** Fields of a server's or socket's error that classification and callers read. */
const FIELDS = ["code", "severity", "detail", "hint", "schema", "table", "column", "constraint", "routine", "syscall"] as const;

export function toWireFailure(raw: unknown): WireFailure {
  if (isPortError(raw)) return { kind: "port", error: raw.toWire() };
  const source = (typeof raw === "object" && raw !== null ? raw : {}) as Record<string, unknown>;
  const fields: Record<string, string> = {};
  for (const name of FIELDS) {
    const value = source[name];
    if (typeof value === "string") fields[name] = value;
  }
  return { kind: "pg", message: raw instanceof Error ? raw.message : String(raw), fields };
}

export function fromWireFailure(failure: WireFailure): Error {
  if (failure.kind === "port") return new PortError(failure.error);
  return Object.assign(new Error(failure.message), failure.fields);
}

export async function reply<T>(work: Promise<T>): Promise<Reply<T>> {
  try {
    return { ok: true, value: await work };
  } catch (raw) {
    return { ok: false, failure: toWireFailure(raw) };
  }
}

export function unwrap<T>(answer: Reply<T>): T {
  if (!answer.ok) throw fromWireFailure(answer.failure);
  return answer.value;
}
