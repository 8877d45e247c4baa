/** Session store on a database file, by Node's own SQLite. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SessionStore } from "../../ports/session-store/session-store.port.ts";
import type { Sql, SqlValue } from "./sqlite.ts";
import { createSqliteSessionStore } from "./sqlite-session-store.ts";

export function createNodeSql(database: DatabaseSync): Sql {
  const prepared = new Map<string, StatementSync>();
  const prepare = (statement: string): StatementSync => {
    const known = prepared.get(statement);
    if (known) return known;
    const made = database.prepare(statement);
    prepared.set(statement, made);
    return made;
  };
  return {
    exec(statement, ...values) {
      prepare(statement).run(...values);
    },
    all<Row>(statement: string, ...values: readonly SqlValue[]) {
      return prepare(statement).all(...values) as Row[];
    },
    transaction(body) {
      database.exec("BEGIN IMMEDIATE");
      try {
        const result = body();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite rolls back by itself when the disk is full.
        if (database.isOpen && database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}

/**
 * @param path of the database file, or `:memory:`
 * @param unique the part of event ids that names the session
 */
export function createNodeSessionStore(path: string, unique: string): SessionStore & { close(): void } {
  const database = new DatabaseSync(path);
  // A committed batch survives a crash of the process and of the machine.
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  const store = createSqliteSessionStore(createNodeSql(database), unique);
  return Object.assign(store, { close: () => database.close() });
}
