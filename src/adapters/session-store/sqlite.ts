/** The little of SQLite that a session store needs, so that one implementation runs in a Durable Object and in Node. */

export type SqlValue = string | number | null;

export interface Sql {
  /** Runs one statement. */
  exec(statement: string, ...values: readonly SqlValue[]): void;
  all<Row>(statement: string, ...values: readonly SqlValue[]): readonly Row[];
  /** Commits when `body` returns and rolls back when it throws. Does not nest. */
  transaction<Result>(body: () => Result): Result;
}
