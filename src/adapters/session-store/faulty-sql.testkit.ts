/** For tests: lets a chosen statement of a transaction fail with what SQLite would report there. */
import type { Sql, SqlValue } from "./sqlite.ts";

export interface FaultySql extends Sql {
  /** The `nth` statement written from now on throws `raw`, once. */
  failWrite(nth: number, raw: unknown): void;
}

export function createFaultySql(inner: Sql): FaultySql {
  let armed: { left: number; readonly raw: unknown } | null = null;
  const strike = (): void => {
    if (!armed) return;
    armed.left -= 1;
    if (armed.left > 0) return;
    const { raw } = armed;
    armed = null;
    throw raw;
  };
  return {
    failWrite(nth, raw) {
      armed = { left: nth, raw };
    },
    exec(statement, ...values) {
      strike();
      inner.exec(statement, ...values);
    },
    all<Row>(statement: string, ...values: readonly SqlValue[]) {
      // Some write and answer in one.
      if (/^(INSERT|UPDATE|DELETE)/.test(statement)) strike();
      return inner.all<Row>(statement, ...values);
    },
    transaction: (body) => inner.transaction(body),
  };
}
