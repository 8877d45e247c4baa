/** Requests made out of the table of routes, so that a test asks every route there is, and a new one without being told. */
import type { Access } from "../../src/app/http/policy.ts";
import { ROUTE_POLICIES } from "../policies.ts";

export interface TableRow {
  /** As in the table: `GET /v1/sessions/:sessionId`. */
  readonly line: string;
  readonly method: string;
  readonly path: string;
  readonly access: Access;
}

export const TABLE: readonly TableRow[] = Object.entries(ROUTE_POLICIES).map(([line, access]) => {
  const [method = "", path = ""] = line.split(" ");
  return { line, method, path, access };
});

/**
 * The row as a request line, its parameters given by name.
 * @param otherwise an id for a parameter that is not given; without one that is an error, since two requests for what nobody has are alike
 */
export function lineOf({ line, method, path }: TableRow, ids: Readonly<Record<string, string>>, otherwise?: string): string {
  const idOf = (name: string): string => {
    const id = ids[name] ?? otherwise;
    if (id === undefined) throw new Error(`${line}: nothing is known as ${name}`);
    return encodeURIComponent(id);
  };
  return `${method} ${path.replaceAll(/:([A-Za-z]+)/g, (_, name: string) => idOf(name)).replace(/\*$/, "chat/completions")}`;
}
