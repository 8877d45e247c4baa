/** The bounded connection pools of one machine, one for each role, held by a Durable Object: only there may sockets outlive a request. */
import { DurableObject, RpcTarget } from "cloudflare:workers";
import type { DurableObjectState, Hyperdrive } from "@cloudflare/workers-types";
import { ConnectionPool, type Lease } from "../db/pg/connection-pool.ts";
import { serveLease, servePool } from "../db/pg/pool-rpc.ts";
import type { LeaseStub, PoolStub } from "../db/pg/pooled-client.ts";
import type { Statement } from "../db/pg/wire.ts";
import type { PoolObject, PoolRole } from "./pg-pool-client.ts";

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

interface PoolBindings {
  readonly HYPERDRIVE: Hyperdrive;
  readonly HYPERDRIVE_AUTH: Hyperdrive;
}

export class PgPoolDO extends DurableObject<PoolBindings> implements PoolObject {
  readonly #pools: Readonly<Record<PoolRole, PoolStub>>;

  constructor(ctx: DurableObjectState, env: PoolBindings) {
    super(ctx, env);
    const open = ({ connectionString }: Hyperdrive): PoolStub => servePool(new ConnectionPool({ connectionString }), (lease) => new RemoteLease(lease));
    this.#pools = { app: open(env.HYPERDRIVE), auth: open(env.HYPERDRIVE_AUTH) };
  }

  query(role: PoolRole, statement: Statement, orgId: string | null) {
    return this.#pools[role].query(statement, orgId);
  }

  lease(role: PoolRole, orgId: string | null) {
    return this.#pools[role].lease(orgId);
  }
}
