/**
 * The two modules of the Workers runtime that Berth imports by name. Declared here, since the runtime's global types do
 * not go together with those of the browser that the chat page needs; all other types come from
 * `@cloudflare/workers-types` as type imports.
 */
declare module "cloudflare:workers" {
  import type { DurableObjectState } from "@cloudflare/workers-types";

  /** Bindings, as the tests see them; the program reads them in `src/compose` only. */
  export const env: Readonly<Record<string, unknown>>;
  /** The Worker's own exports, as the tests call them. */
  export const exports: Readonly<Record<string, unknown>>;

  export abstract class DurableObject<Env = unknown> {
    protected readonly ctx: DurableObjectState;
    protected readonly env: Env;
    constructor(ctx: DurableObjectState, env: Env);
  }

  /** What is passed by reference over RPC. */
  export abstract class RpcTarget {}
}

declare module "cloudflare:test" {
  import type { DurableObjectState, DurableObjectStub } from "@cloudflare/workers-types";

  export function runInDurableObject<Result>(
    stub: DurableObjectStub,
    callback: (instance: unknown, state: DurableObjectState) => Result | Promise<Result>,
  ): Promise<Result>;
  /** Runs the alarm that is set and removes it; false when there is none. */
  export function runDurableObjectAlarm(stub: DurableObjectStub): Promise<boolean>;
  /** Ends the object's instance and keeps its storage. */
  export function evictDurableObject(stub: DurableObjectStub): Promise<void>;
}
