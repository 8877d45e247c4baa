/** The pools of one machine as their callers reach them: two, one for each role, in one Durable Object. */
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import type { LeaseStub, PoolStub } from "../db/pg/pooled-client.ts";
import type { Reply, Statement, StatementResult } from "../db/pg/wire.ts";

export type PoolRole = "app" | "auth";

/** What the object answers over RPC. */
export interface PoolObject {
  query(role: PoolRole, statement: Statement, orgId: string | null): PromiseLike<Reply<StatementResult>>;
  lease(role: PoolRole, orgId: string | null): PromiseLike<Reply<LeaseStub>>;
}

export function poolOf(namespace: DurableObjectNamespace, role: PoolRole): PoolStub {
  const object = (): PoolObject => namespace.get(namespace.idFromName("pool")) as unknown as PoolObject;
  return {
    query: (statement, orgId) => object().query(role, statement, orgId),
    lease: (orgId) => object().lease(role, orgId),
  };
}
