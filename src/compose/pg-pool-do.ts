/** The bounded connection pool of one machine, held by a Durable Object: only there may sockets outlive a request. */
import { DurableObject, RpcTarget } from "cloudflare:workers";
import type { DurableObjectState, Hyperdrive } from "@cloudflare/workers-types";
import { ConnectionPool, type Lease } from "../db/pg/connection-pool.ts";
import { serveLease, servePool } from "../db/pg/pool-rpc.ts";
import type { LeaseStub, PoolStub } from "../db/pg/pooled-client.ts";
import type { Statement } from "../db/pg/wire.ts";

/** A lease by reference; when its caller is gone the runtime disposes of it, and the connection comes back. */
class RemoteLease extends RpcTarget implements LeaseStub {
  readonly #lease: LeaseStub;

  constructor(lease: Lease) {
    super();
    this.#lease = serveLease(lease);
  }

  query(statement: Statement) {
    return this.#lease.query(statement);
  }

  release() {
    return this.#lease.release();
  }

  [Symbol.dispose](): void {
    this.#lease[Symbol.dispose]?.();
  }
}

export class PgPoolDO extends DurableObject<{ readonly HYPERDRIVE: Hyperdrive }> implements PoolStub {
  readonly #pool: PoolStub;

  constructor(ctx: DurableObjectState, env: { readonly HYPERDRIVE: Hyperdrive }) {
    super(ctx, env);
    const pool = new ConnectionPool({ connectionString: env.HYPERDRIVE.connectionString });
    this.#pool = servePool(pool, (lease) => new RemoteLease(lease));
  }

  query(statement: Statement) {
    return this.#pool.query(statement);
  }

  lease() {
    return this.#pool.lease();
  }
}
