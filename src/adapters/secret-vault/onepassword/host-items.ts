/** Items of the 1Password vault that a sandbox host has the service account of. What 1Password refused, the host has classified. */
import { HostClient, type HostCall, type HostClientDeps } from "@berth/sandbox-host/client";
import { FoundItemsBody, type FindItemsBody, type ItemBody } from "@berth/sandbox-host/wire";
import { isPortError, PortError } from "../../../core/kernel/port-error.ts";
import type { FullItem, ItemStore, NewItem } from "./item-store.ts";

/** The SDK goes to 1Password several times for one of these. */
const TIMEOUT_MS = 30_000;

export class HostItems implements ItemStore {
  readonly #client: HostClient;
  readonly #operation: string;

  /** @param operation of the port, for errors */
  constructor(host: HostClientDeps, operation: string) {
    this.#client = new HostClient(host);
    this.#operation = operation;
  }

  withTitle(title: string): Promise<readonly FullItem[]> {
    return this.#find({ by: "title", is: title });
  }

  withTag(tag: string): Promise<readonly FullItem[]> {
    return this.#find({ by: "tag", is: tag });
  }

  async create(item: NewItem): Promise<void> {
    await this.#call("POST", "", bodyOf(item, null));
  }

  async replace({ id, version }: FullItem, item: NewItem): Promise<void> {
    await this.#call("PUT", `/${encodeURIComponent(id)}`, bodyOf(item, version ?? null));
  }

  async remove(id: string): Promise<void> {
    await this.#call("DELETE", `/${encodeURIComponent(id)}`);
  }

  async #find(asked: FindItemsBody): Promise<readonly FullItem[]> {
    const found = FoundItemsBody.safeParse(await this.#call("POST", "/find", asked));
    if (!found.success) throw new PortError({ port: "secret-vault", operation: this.#operation, code: "internal", outcome: "not-applied", retry: "never", message: "The sandbox host answered no items.", fix: "Run the sandbox host in the version of the Worker." });
    return found.data;
  }

  /** Whoever repeats a write looks first for what the one before has left, so each may be repeated. */
  async #call(method: HostCall["method"], path: string, body?: FindItemsBody | ItemBody): Promise<unknown> {
    const call: HostCall = {
      ...{ port: "secret-vault", operation: this.#operation, effect: "repeatable", method, path: `/v1/vault-items${path}`, timeoutMs: TIMEOUT_MS },
      ...(body === undefined ? {} : { body: new TextEncoder().encode(JSON.stringify(body)) }),
    };
    return this.#client.json(call).catch((error: unknown) => {
      throw isPortError(error) && error.code === "deadline-exceeded" && error.outcome === "not-applied" ? away(error) : error;
    });
  }
}

/** To who needs a secret it is the vault that is away. */
function away({ port, operation, message, fix, cause }: PortError): PortError {
  return new PortError({ port, operation, code: "unknown", outcome: "not-applied", retry: { afterMs: 500 }, message, ...(fix === undefined ? {} : { fix }), cause });
}

function bodyOf({ title, tags, fields: [{ id, label, value }] }: NewItem, version: number | null): ItemBody {
  return { title, tags: [...tags], field: { id, label, value }, version };
}
