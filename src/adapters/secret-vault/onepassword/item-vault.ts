/**
 * Secrets as items of a 1Password vault, whichever way leads to it. They are sealed before they leave this process, as in a
 * table: who may look into the vault sees that there is one, and of which organization, and no value.
 *
 * Writes of one secret come one after another only within one isolate. Berth gives every secret a name of its own and writes
 * it once; were one written by two at once by a way that does not refuse the later, the highest version counts.
 */
import type { SecretRecord, SecretVault } from "../../../ports/secret-vault/secret-vault.port.ts";
import { createSealer, damaged, missing, type VaultKeys } from "../sealer.ts";
import type { FullItem, ItemStore } from "./item-store.ts";
import { itemOf, nameIn, recordOf, rowOf, tagOf, titleOf, type ItemRow } from "./sealed-item.ts";

export interface ItemVaultDeps extends VaultKeys {
  /** @param operation of the port, for errors */
  readonly storeFor: (operation: string) => ItemStore;
  readonly wait: (ms: number) => Promise<void>;
}

/** A writer that ended without a word, as with its request, holds nobody off for longer. */
const WRITER_MS = 60_000;
const LOOK_MS = 10;

interface Found {
  readonly item: FullItem;
  /** Null when it is none of Berth's making any more. */
  readonly row: ItemRow | null;
}

export function createItemVault({ storeFor, wait, now = Date.now, ...keys }: ItemVaultDeps): SecretVault {
  const sealer = createSealer(keys);
  const writers = new Map<string, number>();

  /** Looks again and again: in workerd a request cannot await a promise of another. */
  const alone = async <T>(title: string, write: () => Promise<T>): Promise<T> => {
    for (let began = writers.get(title); began !== undefined && performance.now() - began < WRITER_MS; began = writers.get(title)) await wait(LOOK_MS);
    const began = performance.now();
    writers.set(title, began);
    try {
      return await write();
    } finally {
      if (writers.get(title) === began) writers.delete(title);
    }
  };

  const find = async (store: ItemStore, orgId: string, name: string): Promise<Found | null> => {
    const items = await store.withTitle(titleOf(orgId, name));
    const found = items.map((item) => ({ item, row: rowOf(item, orgId, name) }));
    return found.toSorted((a, b) => (b.row?.version ?? 0) - (a.row?.version ?? 0) || (a.item.id < b.item.id ? -1 : 1))[0] ?? null;
  };

  const rowIn = (operation: string, found: Found | null): ItemRow => {
    if (!found) missing(operation);
    if (found.row) return found.row;
    throw damaged(operation);
  };

  const keep = async (store: ItemStore, found: Found | null, record: SecretRecord, orgId: string, value: string): Promise<SecretRecord> => {
    const row = { orgId, ...record, ...(await sealer.seal({ orgId, name: record.name, version: record.version }, value)) };
    await (found ? store.replace(found.item, itemOf(row)) : store.create(itemOf(row)));
    return recordOf(row);
  };

  /** All of the organization's, in order of name; of two with one name the one that counts. */
  const all = async (operation: string, orgId: string): Promise<readonly (readonly [name: string, row: ItemRow | null])[]> => {
    const items = await storeFor(operation).withTag(tagOf(orgId));
    const named = items.map((item: FullItem) => [nameIn(item, orgId), rowOf(item, orgId, nameIn(item, orgId))] as const);
    const best = new Map(named.toSorted(([, a], [, b]) => (a?.version ?? 0) - (b?.version ?? 0)));
    return [...best].toSorted(([a], [b]) => (a < b ? -1 : 1));
  };

  return {
    put: (orgId, name, value) =>
      alone(titleOf(orgId, name), async () => {
        const store = storeFor("put");
        const found = await find(store, orgId, name);
        const before = found?.row;
        const record = before
          ? { name, version: before.version + 1, createdAtMs: before.createdAtMs, rotatedAtMs: now() }
          : { name, version: 1, createdAtMs: now(), rotatedAtMs: null };
        return keep(store, found, record, orgId, value);
      }),
    use: async (orgId, name) => sealer.reveal("use", rowIn("use", await find(storeFor("use"), orgId, name))),
    list: async (orgId) => (await all("list", orgId)).flatMap(([, row]) => (row ? [recordOf(row)] : [])),
    rotate: (orgId, name) =>
      alone(titleOf(orgId, name), async () => {
        const store = storeFor("rotate");
        const found = await find(store, orgId, name);
        const row = rowIn("rotate", found);
        const value = await sealer.reveal("rotate", row);
        return keep(store, found, { ...recordOf(row), rotatedAtMs: now() }, orgId, value);
      }),
    inspect: async (orgId) => {
      const secrets = await all("inspect", orgId);
      const kept = await Promise.all(secrets.map(async ([name, row]) => (row ? { name, keyVersion: row.keyVersion, state: await sealer.stateOf(row) } : { name, keyVersion: 0, state: "damaged" as const })));
      return { ...sealer.report(), secrets: kept };
    },
    delete: (orgId, name) =>
      alone(titleOf(orgId, name), async () => {
        const store = storeFor("delete");
        for (const { id } of await store.withTitle(titleOf(orgId, name))) await store.remove(id);
      }),
  };
}
