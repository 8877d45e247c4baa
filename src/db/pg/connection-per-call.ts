/**
 * On Cloudflare, where Hyperdrive pools behind the binding: every statement or transaction opens a connection of its own
 * and closes it. Sockets of one request may not be used by another there, so nothing is held between calls.
 */
import { ConnectionPool, type Lease } from "./connection-pool.ts";
import { serveLease } from "./pool-rpc.ts";
import type { PoolStub } from "./pooled-client.ts";
import { reply } from "./wire.ts";

export function connectionPerCall(connectionString: string): PoolStub {
  const open = (): ConnectionPool => new ConnectionPool({ connectionString, connectionsMax: 1 });
  return {
    query: async (statement, orgId) => {
      const pool = open();
      try {
        return await reply(pool.query(statement, orgId));
      } finally {
        await pool.close();
      }
    },
    lease: async (orgId) => {
      const pool = open();
      const lease = await reply(pool.lease(orgId));
      if (lease.ok) return { ok: true, value: serveLease(closing(lease.value, pool)) };
      await pool.close();
      return lease;
    },
  };
}

function closing(lease: Lease, pool: ConnectionPool): Lease {
  return {
    query: (statement) => lease.query(statement),
    release: async () => {
      await lease.release();
      await pool.close();
    },
  };
}
