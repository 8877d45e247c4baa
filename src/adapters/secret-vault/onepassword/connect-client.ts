/**
 * The calls of 1Password Connect that the vault needs, and what its refusals mean. Its papers: github 1Password/connect,
 * `docs/openapi/spec.yaml`; developer.1password.com/docs/connect/api-reference for the filter by tag.
 */
import { classifyFetchFailure, retryAfterMs } from "../../../core/kernel/fetch-failure.ts";
import { PortError, type Outcome, type PortErrorCode, type Retry } from "../../../core/kernel/port-error.ts";
import type { FullItem, ItemStore, ItemSummary, NewItem } from "./item-store.ts";

export interface ConnectServer {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Without trailing slash and without `/v1`. */
  readonly url: string;
  readonly token: string;
  /** Id of the vault, 26 characters. */
  readonly vaultId: string;
}

/** Items that were put away say so. */
type Listed = ItemSummary & { readonly state?: string };

const TIMEOUT_MS = 15_000;

/** Connect has no conditional write, so it refuses none because of another's. */
export class ConnectClient implements ItemStore {
  readonly #server: ConnectServer;
  readonly #items: string;
  readonly #operation: string;

  /** @param operation of the port, for errors */
  constructor(server: ConnectServer, operation: string) {
    this.#server = server;
    this.#items = `${server.url}/v1/vaults/${server.vaultId}/items`;
    this.#operation = operation;
  }

  withTitle(title: string): Promise<readonly FullItem[]> {
    return this.#find(`title eq ${quoted(title)}`, (item) => item.title === title);
  }

  withTag(tag: string): Promise<readonly FullItem[]> {
    return this.#find(`tag eq ${quoted(tag)}`, (item) => item.tags?.includes(tag) === true);
  }

  async create(item: NewItem): Promise<void> {
    await this.#call("POST", this.#items, this.#written(item));
  }

  async replace({ id }: FullItem, item: NewItem): Promise<void> {
    await this.#call("PUT", `${this.#items}/${id}`, { id, ...this.#written(item) });
  }

  async remove(id: string): Promise<void> {
    await this.#call("DELETE", `${this.#items}/${id}`);
  }

  /** Lists hold no fields, so each that fits is fetched; one removed meanwhile is left out. */
  async #find(filter: string, fits: (item: ItemSummary) => boolean): Promise<readonly FullItem[]> {
    const listed = (await this.#call("GET", `${this.#items}?filter=${encodeURIComponent(filter)}`)) ?? this.#noVault();
    const found = (listed as readonly Listed[]).filter((item) => item.state === undefined && fits(item));
    const items = await Promise.all(found.map(({ id }) => this.#call("GET", `${this.#items}/${id}`)));
    return items.filter((item) => item !== null) as FullItem[];
  }

  #written(item: NewItem): object {
    return { ...item, vault: { id: this.#server.vaultId } };
  }

  /** Null where there is no such thing. */
  async #call(method: "GET" | "POST" | "PUT" | "DELETE", url: string, body?: object): Promise<unknown> {
    const { fetch, token } = this.#server;
    const headers = { authorization: `Bearer ${token}`, accept: "application/json", ...(body ? { "content-type": "application/json" } : {}) };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const answer = await fetch(url, { method, headers, signal, redirect: "manual", ...(body ? { body: JSON.stringify(body) } : {}) });
      if (!answer.ok) {
        await answer.body?.cancel();
        if (answer.status === 404) return method === "POST" ? this.#noVault() : null;
        throw this.#refusal(answer);
      }
      return answer.status === 204 ? {} : ((await answer.json()) as unknown);
    } catch (error) {
      if (error instanceof PortError) throw error;
      throw this.#failure(signal.aborted ? signal.reason : error);
    }
  }

  #refusal({ status, headers }: Response): PortError {
    if (status === 401) return this.#error("permission-denied", "refused the token that Berth calls it with", { fix: "The operator puts a valid token into OP_CONNECT_TOKEN." });
    if (status === 403) return this.#error("permission-denied", "does not let Berth's token do that in this vault", { fix: "The operator lets the token of OP_CONNECT_TOKEN read and write the vault of OP_CONNECT_VAULT." });
    if (status === 429) return this.#error("resource-exhausted", "limits the rate of requests right now", { retry: { afterMs: retryAfterMs(headers.get("retry-after")) } });
    if (status >= 500) return this.#error("unknown", `failed with status ${status}`, { outcome: "unknown", retry: "same-request" });
    return this.#error("failed-precondition", `answered with status ${status}`);
  }

  #failure(raw: unknown): PortError {
    const { code, outcome, says } = classifyFetchFailure(raw);
    return this.#error(code, says, { outcome, retry: outcome === "not-applied" ? { afterMs: 500 } : "same-request" });
  }

  #noVault(): never {
    throw this.#error("failed-precondition", "has no such vault, or its token does not see it", { fix: "The operator puts the id of a vault that the token reads and writes into OP_CONNECT_VAULT." });
  }

  /** Without what the server said or was sent: either may hold what was sealed. */
  #error(code: PortErrorCode, says: string, { outcome = "not-applied", retry = "never", fix }: { outcome?: Outcome; retry?: Retry; fix?: string } = {}): PortError {
    return new PortError({ port: "secret-vault", operation: this.#operation, code, outcome, retry, message: `1Password Connect ${says}.`, ...(fix === undefined ? {} : { fix }) });
  }
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
