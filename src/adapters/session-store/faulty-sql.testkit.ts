/** For tests: lets a chosen statement of a transaction fail with what SQLite would report there. */
import type { Sql } from "./sqlite.ts";

export interface FaultySql extends Sql {
  /** The `nth` statement written from now on throws `raw`, once. */
  failWrite(nth: number, raw: unknown): void;
}

export function createFaultySql(inner: Sql): FaultySql {
  let armed: { left: number; readonly raw: unknown } | null = null;
  return {
    failWrite(nth, raw) {
      armed = { left: nth, raw };
    },
    exec(statement, ...values) {
      if (armed) {
        armed.left -= 1;
        if (armed.left === 0) {
          const { raw } = armed;
          armed = null;
          throw raw;
        }
      }
      inner.exec(statement, ...values);
    },
    all: (statement, ...values) => inner.all(statement, ...values),
    transaction: (body) => inner.transaction(body),
  };
}
