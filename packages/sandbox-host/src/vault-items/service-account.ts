/**
 * Items of a 1Password vault, by 1Password's own SDK and the token of a service account, which stay in this process. What is
 * kept in them the Worker has sealed. The SDK finds items by no filter, so each look lists the vault: it is to be Berth's alone.
 */
import { createClient, ItemCategory, ItemFieldType, type Client, type Item, type ItemField } from "@1password/sdk";
import { PortError } from "../../../../src/core/kernel/port-error.ts";
import type { FindItemsBody, FoundItems, ItemBody } from "../wire.ts";
import { isGone, isOver, SENTENCES, toPortError, type Asked } from "./classify.ts";

export interface VaultItems {
  find(asked: FindItemsBody): Promise<FoundItems>;
  create(item: ItemBody): Promise<void>;
  /** @throws PortError `failed-precondition` when it has another version than was seen, or is gone */
  replace(id: string, item: ItemBody): Promise<void>;
  /** One that is gone already is removed. */
  remove(id: string): Promise<void>;
}

/** The part of the SDK's client that is used. */
export interface ItemsClient {
  readonly items: Pick<Client["items"], "list" | "getAll" | "get" | "create" | "put" | "delete">;
}

export interface ServiceAccountDeps {
  /** Signs in. Asked again once 1Password says that a sign-in is over. */
  readonly connect: () => Promise<ItemsClient>;
  readonly vaultId: string;
}

/** One answer holds whole items. */
const ITEMS_MAX = 50;

/** A field of one's own is in a section. */
const SECTION = { id: "berth", title: "Berth" };

export function createServiceAccountItems({ connect, vaultId }: ServiceAccountDeps): VaultItems {
  let client: Promise<ItemsClient> | null = null;

  const asking = async <T>(asked: Asked, ask: (items: ItemsClient["items"]) => Promise<T>): Promise<T> => {
    const mine = (client ??= connect());
    const signedIn = await mine.catch((raw: unknown) => {
      if (client === mine) client = null;
      throw toPortError(raw, "sign-in");
    });
    try {
      return await ask(signedIn.items);
    } catch (raw) {
      if (raw instanceof PortError) throw raw;
      if (isOver(raw) && client === mine) client = null;
      throw toPortError(raw, asked);
    }
  };

  const whole = async (items: ItemsClient["items"], ids: readonly string[]): Promise<readonly Item[]> => {
    const { individualResponses } = await items.getAll(vaultId, [...ids]);
    return individualResponses.flatMap(({ content, error }) => {
      if (content) return [content];
      // Removed since it was listed.
      if (error?.type === "itemNotFound") return [];
      throw new Error(error?.type === "internal" ? "an item could not be read" : "an item was not answered");
    });
  };

  return {
    find: ({ by, is }) =>
      asking("read", async (items) => {
        const listed = await items.list(vaultId, { type: "ByState", content: { active: true, archived: false } });
        const ids = listed.filter(({ title, tags }) => (by === "title" ? title === is : tags.includes(is))).map(({ id }) => id);
        const found: Item[] = [];
        for (let at = 0; at < ids.length; at += ITEMS_MAX) found.push(...(await whole(items, ids.slice(at, at + ITEMS_MAX))));
        return found.map(({ id, title, tags, version, fields }) => ({ id, title, tags, version, fields: fields.map((field) => ({ id: field.id, value: field.value })) }));
      }),
    create: ({ title, tags, field }) =>
      asking("create", async (items) => {
        await items.create({ category: ItemCategory.ApiCredentials, vaultId, title, tags, sections: [SECTION], fields: [sealedField(field)] });
      }),
    replace: (id, { title, tags, field, version }) =>
      asking("replace", async (items) => {
        const current = await items.get(vaultId, id);
        if (version !== null && current.version !== version) throw toPortError(new Error(SENTENCES.overtaken), "replace");
        // It goes back with its version, which 1Password compares once more.
        await items.put({ ...current, title, tags, sections: [SECTION], fields: [sealedField(field)] });
      }),
    remove: (id) =>
      asking("remove", (items) =>
        items.delete(vaultId, id).catch((raw: unknown) => {
          if (!isGone(raw)) throw raw;
        }),
      ),
  };
}

/** @param version of Berth, as 1Password's log shows it */
export function openServiceAccount({ token, vaultId, version }: { readonly token: string; readonly vaultId: string; readonly version: string }): VaultItems {
  return createServiceAccountItems({ vaultId, connect: () => createClient({ auth: token, integrationName: "Berth", integrationVersion: `v${version}` }) });
}

function sealedField({ id, label, value }: ItemBody["field"]): ItemField {
  return { id, title: label, sectionId: SECTION.id, fieldType: ItemFieldType.Concealed, value };
}
