/**
 * A vault of 1Password behind the interface of its SDK's client, as the SDK's types and the words of its core describe it. It is no
 * 1Password; what the real one does is seen by `onepassword-service-account.contract.live.test.ts`.
 */
import { AuthExpiredError, ItemCategory, ItemFieldType, ItemState, RateLimitExceededError, type Item } from "@1password/sdk";
import { SENTENCES, UNREACHED } from "../src/vault-items/classify.ts";
import type { ItemsClient } from "../src/vault-items/service-account.ts";

type Misbehaviour = "refuse" | "limit" | "lost" | "slow" | "overtaken" | "unreachable";

export class OnePasswordStandIn {
  readonly vaultId = newId();
  readonly items: Item[] = [];
  /** What was passed in, in order. */
  readonly received: string[] = [];
  signIns = 0;
  #next: Misbehaviour | null = null;

  /** In the place of its next answer: `lost` does what was asked first, `overtaken` lets another write before the next `put`. */
  misbehave(how: Misbehaviour): void {
    this.#next = how;
  }

  readonly connect = async (): Promise<ItemsClient> => {
    this.signIns++;
    return { items: this.#client };
  };

  readonly #client: ItemsClient["items"] = {
    list: (vaultId, ...filters) =>
      this.#answer("read", { vaultId, filters }, () => {
        const [active, archived] = [filters.length === 0 || filters.some(({ content }) => content.active), filters.some(({ content }) => content.archived)];
        this.#vault(vaultId);
        return this.items.map(({ fields: _, sections: __, notes: ___, version: ____, files: _____, ...overview }) => ({ ...overview, state: this.archived.has(overview.id) ? ItemState.Archived : ItemState.Active })).filter(({ state }) => (state === ItemState.Active ? active : archived));
      }),
    getAll: (vaultId, ids) =>
      this.#answer("read", { vaultId, ids }, () => {
        this.#vault(vaultId);
        return { individualResponses: ids.map((id) => this.items.find((item) => item.id === id)).map((content) => (content ? { content } : { error: { type: "itemNotFound" as const } })) };
      }),
    get: (vaultId, id) => this.#answer("read", { vaultId, id }, () => this.items[this.#at(vaultId, id)]!),
    create: (params) =>
      this.#answer("write", params, () => {
        this.#vault(params.vaultId);
        if (params.category !== ItemCategory.ApiCredentials || params.fields?.some(({ fieldType }) => fieldType !== ItemFieldType.Concealed)) throw new Error("unexpected item");
        const at = new Date();
        const { title, category, vaultId, fields = [], sections = [], notes = "", tags = [], websites = [] } = params;
        const item: Item = { id: newId(), title, category, vaultId, fields, sections, notes, tags, websites, version: 1, files: [], createdAt: at, updatedAt: at };
        this.items.push(structuredClone(item));
        return item;
      }),
    put: (item) =>
      this.#answer("write", item, () => {
        const at = this.#at(item.vaultId, item.id);
        const before = this.items[at]!;
        if (this.#next === "overtaken") {
          this.#next = null;
          before.version++;
        }
        if (before.version !== item.version) throw new Error(`data ${SENTENCES.overtaken}: `);
        this.items[at] = { ...structuredClone(item), version: item.version + 1, updatedAt: new Date() };
        return this.items[at];
      }),
    delete: (vaultId, id) => this.#answer("write", { vaultId, id }, () => void this.items.splice(this.#at(vaultId, id), 1)),
  };

  readonly archived = new Set<string>();

  #vault(vaultId: string): void {
    if (vaultId !== this.vaultId) throw new Error(SENTENCES.gone);
  }

  #at(vaultId: string, id: string): number {
    this.#vault(vaultId);
    const at = this.items.findIndex((item) => item.id === id);
    if (at < 0) throw new Error(SENTENCES.gone);
    return at;
  }

  async #answer<T>(kind: "read" | "write", given: unknown, act: () => T): Promise<T> {
    this.received.push(JSON.stringify(given));
    const how = this.#next;
    if (how === null || how === "overtaken" || (how === "lost" && kind === "read")) return structuredClone(act());
    this.#next = null;
    if (how === "refuse") throw new AuthExpiredError("the sign-in is over");
    if (how === "limit") throw new RateLimitExceededError(SENTENCES.limited);
    if (how === "slow") return new Promise((resolve) => setTimeout(() => resolve(structuredClone(act())), 50));
    if (how === "lost") act();
    throw new Error(`reqwest library: ${UNREACHED}`);
  }
}

function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(26))].map((byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte % 32]).join("");
}
