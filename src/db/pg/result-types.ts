/**
 * How values come back from the server: as Drizzle's own node-postgres session asks for them, that is dates, times and
 * intervals as text, which its columns then read. Functions cannot cross to a pool in another isolate, so the pool sets
 * them and the client leaves them out.
 */
import pg from "pg";

const { builtins } = pg.types;

/** `timestamp[]`, `timestamptz[]`, `date[]`, `interval[]` and `numeric[]` have no name in `pg-types`. */
const AS_TEXT = new Set<number>([
  builtins.TIMESTAMPTZ,
  builtins.TIMESTAMP,
  builtins.DATE,
  builtins.INTERVAL,
  1231,
  1115,
  1185,
  1187,
  1182,
]);

const asText = (value: string): string => value;

export const resultTypes = {
  getTypeParser: ((typeId: number, format?: "text" | "binary") =>
    AS_TEXT.has(typeId) ? asText : pg.types.getTypeParser(typeId, format)) as typeof pg.types.getTypeParser,
};
