/** What the vault needs of a 1Password vault: items by title and by tag, and writing them. One of these for each operation of the port. */

export interface ItemField {
  readonly id: string;
  readonly type: "CONCEALED";
  readonly label: string;
  readonly value?: string;
}

/** An item as it is written. */
export interface NewItem {
  readonly title: string;
  readonly category: "API_CREDENTIAL";
  readonly tags: readonly string[];
  readonly fields: readonly [ItemField & { readonly value: string }];
}

export interface ItemSummary {
  readonly id: string;
  readonly title?: string;
  readonly tags?: readonly string[];
  /** Counted by 1Password. */
  readonly version?: number;
}

export type FullItem = ItemSummary & { readonly fields?: readonly Partial<ItemField>[] };

/** Every call throws a `PortError` of the vault's. */
export interface ItemStore {
  /** Those that are in use, not those that were put away. */
  withTitle(title: string): Promise<readonly FullItem[]>;
  withTag(tag: string): Promise<readonly FullItem[]>;
  create(item: NewItem): Promise<void>;
  /** @param seen as it was found: who can, refuses with `failed-precondition` once another has written it */
  replace(seen: FullItem, item: NewItem): Promise<void>;
  /** One that is gone already is removed. */
  remove(id: string): Promise<void>;
}
