/** A `ConnectionPool` as its clients call it: failures become values that survive RPC. */
import type { ConnectionPool, Lease } from "./connection-pool.ts";
import type { LeaseStub, PoolStub } from "./pooled-client.ts";
import { reply, type Reply, type Statement } from "./wire.ts";

/** @param wrapLease makes a lease that can be passed by reference, where the pool lives in another isolate */
export function servePool(pool: ConnectionPool, wrapLease: (lease: Lease) => LeaseStub = serveLease): PoolStub {
  return {
    query: (statement, orgId) => reply(pool.query(statement, orgId)),
    async lease(orgId): Promise<Reply<LeaseStub>> {
      const lease = await reply(pool.lease(orgId));
      return lease.ok ? { ok: true, value: wrapLease(lease.value) } : lease;
    },
  };
}

export function serveLease(lease: Lease): LeaseStub {
  return {
    query: (statement: Statement) => reply(lease.query(statement)),
    release: () => lease.release(),
    [Symbol.dispose]: () => void lease.release(),
  };
}
