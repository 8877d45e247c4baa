/**
 * What a 1Password Connect server answers, as its papers describe it (github 1Password/connect, `docs/openapi/spec.yaml` 1.7.1; the
 * filter by tag: developer.1password.com/docs/connect/api-reference): its routes, what it asks for, what it says when it refuses. It
 * is no Connect; what the real one does is seen by `onepassword.contract.live.test.ts`.
 */
export interface StoredItem {
  id: string;
  title: string;
  tags: string[];
  version: number;
  createdAt: string;
  updatedAt: string;
  fields: { id: string; type: string; label: string; value: string }[];
}

export const CONNECT_TOKEN = "example-connect-token";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly authorization: string;
  readonly body: string;
}

export function connectAnswer({ method, url, authorization, body }: Asked, { items, vaultId }: { readonly items: StoredItem[]; readonly vaultId: string }): readonly [status: number, body: unknown] {
  const { pathname, searchParams } = new URL(url, "http://connect");
  const [, vault, id] = /^\/v1\/vaults\/([\da-z]{26})\/items(?:\/([\da-z]{26}))?$/.exec(pathname) ?? [];
  if (authorization !== `Bearer ${CONNECT_TOKEN}`) return [401, { status: 401, message: "Invalid token signature" }];
  if (vault === undefined) return [404, { status: 404, message: "route not found" }];
  if (vault !== vaultId) return [404, { status: 404, message: `vault ${vault} not found` }];
  if (method === "POST" && id === undefined) return create(JSON.parse(body) as StoredItem, items);
  if (method === "GET" && id === undefined) return [200, items.filter(filterOf(searchParams.get("filter"))).map(({ fields: _, ...summary }) => summary)];
  const at = items.findIndex((item) => item.id === id);
  const item = items[at];
  if (!item) return [404, { status: 404, message: `item ${id} not found` }];
  if (method === "GET") return [200, item];
  if (method === "DELETE") return items.splice(at, 1), [204, null];
  const { title, tags, fields } = JSON.parse(body) as StoredItem;
  items[at] = { ...item, title, tags, fields, version: item.version + 1, updatedAt: new Date().toISOString() };
  return [200, items[at]];
}

function create({ title, tags, fields, ...rest }: StoredItem & { category?: string; vault?: { id?: string } }, items: StoredItem[]): readonly [number, unknown] {
  if (rest.category !== "API_CREDENTIAL") return [400, { status: 400, message: "Invalid item category" }];
  if (rest.vault?.id === undefined) return [400, { status: 400, message: "The item doesn't have a vault field." }];
  const at = new Date().toISOString();
  const item = { id: newId(), title, tags, fields, version: 1, createdAt: at, updatedAt: at };
  items.push(item);
  return [200, item];
}

/** `title eq "…"` and `tag eq "…"`, the two that it knows. */
function filterOf(filter: string | null): (item: StoredItem) => boolean {
  const [, by, quoted = '""'] = /^(title|tag) eq (".*")$/s.exec(filter ?? "") ?? [];
  const value = JSON.parse(quoted) as string;
  return ({ title, tags }) => (by === "title" ? title === value : by === "tag" ? tags.includes(value) : true);
}

export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(26))].map((byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte % 32]).join("");
}
