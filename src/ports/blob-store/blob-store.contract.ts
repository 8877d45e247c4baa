/** What every blob store keeps. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { afterEach, describe, expect } from "vitest";
import { BLOB_STORE_FAULTS } from "./blob-store.faults.ts";
import type { BlobStore } from "./blob-store.port.ts";

const TEXT = { contentType: "text/plain; charset=utf-8" };
const HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const bytes = (text: string) => new TextEncoder().encode(text);
const REFUSED = { code: "invalid-argument", outcome: "not-applied", retry: "never" };

async function textOf(store: BlobStore, key: string): Promise<string | null> {
  const found = await store.get(key);
  return found && new TextDecoder().decode(found.bytes);
}

async function keysOf(store: BlobStore, prefix: string, limit = 10): Promise<string[]> {
  return (await store.list(prefix, { after: null, limit })).blobs.map(({ key }) => key);
}

export function describeBlobStoreContract(harness: ContractHarness<BlobStore>): void {
  describe(`blob-store contract: ${harness.name}`, () => {
    afterEach(() => harness.dispose?.());
    describeContent(harness);
    describeRanges(harness);
    describeKeys(harness);
    describeFaults(harness);
  });
}

function describeContent(harness: ContractHarness<BlobStore>): void {
  verifiesOn(harness, ["BLB1", "BLB4"], "what was put is read back with what is known of it", async () => {
    const store = await harness.create();
    const info = await store.put("org_1/a", bytes("hello"), TEXT);
    expect(info).toEqual({ key: "org_1/a", size: 5, contentType: TEXT.contentType, sha256: HELLO });
    expect(await store.get("org_1/a")).toEqual({ info, bytes: bytes("hello") });
    expect(await store.head("org_1/a")).toEqual(info);
  });

  verifiesOn(harness, "BLB1", "all byte values and an empty blob survive", async () => {
    const store = await harness.create();
    const all = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
    await store.put("org_1/all", all, { contentType: "application/octet-stream" });
    await store.put("org_1/empty", new Uint8Array(), { contentType: "application/octet-stream" });
    expect(await store.get("org_1/all")).toMatchObject({ info: { size: 70_000 }, bytes: all });
    expect(await store.get("org_1/empty")).toMatchObject({ info: { size: 0 }, bytes: new Uint8Array() });
  });

  verifiesOn(harness, "BLB1", "a part of a larger buffer is stored as that part, and later changes to it do not count", async () => {
    const store = await harness.create();
    const buffer = bytes("xxhelloxx");
    const info = await store.put("org_1/a", buffer.subarray(2, 7), TEXT);
    buffer.fill(0);
    expect([info.sha256, await textOf(store, "org_1/a")]).toEqual([HELLO, "hello"]);
  });

  verifiesOn(harness, ["BLB2", "blob-store:put:twice"], "a second put replaces, and the same again changes nothing", async () => {
    const store = await harness.create();
    await store.put("org_1/a", bytes("a longer one before"), TEXT);
    const info = await store.put("org_1/a", bytes("{}"), { contentType: "application/json" });
    expect(await store.put("org_1/a", bytes("{}"), { contentType: "application/json" })).toEqual(info);
    expect(await store.get("org_1/a")).toEqual({ info, bytes: bytes("{}") });
  });

  verifiesOn(harness, ["BLB3", "blob-store:get:missing"], "a missing key is null", async () => {
    const store = await harness.create();
    expect([await store.get("org_1/a"), await store.get("org_1/a", { offset: 3 }), await store.head("org_1/a")]).toEqual([null, null, null]);
  });

  verifiesOn(harness, "BLB10", "a deleted key is gone, and deleting again succeeds", async () => {
    const store = await harness.create();
    await store.put("org_1/a", bytes("hello"), TEXT);
    await store.delete("org_1/a");
    await store.delete("org_1/a");
    expect([await store.get("org_1/a"), await keysOf(store, "org_1/")]).toEqual([null, []]);
  });

  verifiesOn(harness, ["BLB16", "blob-store:put:concurrent"], "of ten uploads at once one stays, whole", async () => {
    const store = await harness.create();
    const texts = Array.from({ length: 10 }, (_, i) => String(i).repeat(1000 * (i + 1)));
    await Promise.all(texts.map((text) => store.put("org_1/a", bytes(text), TEXT)));
    const found = await store.get("org_1/a");
    const text = new TextDecoder().decode(found?.bytes);
    expect(texts).toContain(text);
    expect(found?.info).toEqual(await store.put("org_1/a", bytes(text), TEXT));
  });
}

function describeRanges(harness: ContractHarness<BlobStore>): void {
  verifiesOn(harness, "BLB5", "a range answers its bytes and no more than there are", async () => {
    const store = await harness.create();
    const info = await store.put("org_1/a", bytes("0123456789"), TEXT);
    const read = async (offset: number, length?: number) => {
      const found = await store.get("org_1/a", length === undefined ? { offset } : { offset, length });
      expect(found?.info).toEqual(info);
      return new TextDecoder().decode(found?.bytes);
    };
    expect([await read(0), await read(0, 3), await read(3, 4), await read(7), await read(8, 99), await read(9, 1)]).toEqual([
      "0123456789",
      "012",
      "3456",
      "789",
      "89",
      "9",
    ]);
  });

  verifiesOn(harness, ["BLB6", "blob-store:get:range-past-end"], "a range past the end is refused", async () => {
    const store = await harness.create();
    await store.put("org_1/a", bytes("0123456789"), TEXT);
    await store.put("org_1/empty", new Uint8Array(), TEXT);
    const symptom = symptomOf("blob-store:get:range-past-end");
    for (const range of [{ offset: 10 }, { offset: 11, length: 1 }]) {
      await expect(store.get("org_1/a", range)).rejects.toMatchObject(symptom);
    }
    await expect(store.get("org_1/empty", { offset: 1 })).rejects.toMatchObject(symptom);
    expect((await store.get("org_1/empty", { offset: 0 }))?.bytes.length).toBe(0);
    expect((await store.get("org_1/empty", { offset: 0, length: 5 }))?.bytes.length).toBe(0);
    for (const range of [{ offset: -1 }, { offset: 0.5 }, { offset: 0, length: 0 }, { offset: 0, length: -2 }]) {
      await expect(store.get("org_1/a", range)).rejects.toMatchObject(REFUSED);
    }
  });
}

function describeKeys(harness: ContractHarness<BlobStore>): void {
  const put = async (store: BlobStore, ...keys: readonly string[]) => {
    for (const key of keys) await store.put(key, bytes(key), TEXT);
  };

  verifiesOn(harness, "BLB7", "a listing holds what begins with the prefix, in order", async () => {
    const store = await harness.create();
    await put(store, "org_1/b/2", "org_1/b/10", "org_1/a", "org_1/b-c", "org_10/a", "org_2/b/1");
    expect(await keysOf(store, "org_1/")).toEqual(["org_1/a", "org_1/b-c", "org_1/b/10", "org_1/b/2"]);
    expect(await keysOf(store, "org_1/b/")).toEqual(["org_1/b/10", "org_1/b/2"]);
    expect(await keysOf(store, "org_1/b/1")).toEqual(["org_1/b/10"]);
    expect(await keysOf(store, "org_3/")).toEqual([]);
    expect((await store.list("org_1/a", { after: null, limit: 1 })).blobs[0]).toEqual(await store.head("org_1/a"));
  });

  verifiesOn(harness, ["BLB8", "BLB9", "blob-store:list:cursor-deleted"], "a listing goes on page by page, also after a deleted key", async () => {
    const store = await harness.create();
    await put(store, "org_1/a", "org_1/b", "org_1/c", "org_1/d");
    const first = await store.list("org_1/", { after: null, limit: 2 });
    expect([first.blobs.map(({ key }) => key), first.next]).toEqual([["org_1/a", "org_1/b"], "org_1/b"]);
    await store.delete("org_1/b");
    const second = await store.list("org_1/", { after: first.next, limit: 2 });
    expect([second.blobs.map(({ key }) => key), second.next]).toEqual([["org_1/c", "org_1/d"], null]);
  });

  verifiesOn(harness, "BLB11", "what is no key is refused by every call", async () => {
    const store = await harness.create();
    const wrong = ["", "org_1", "org_1/", "/a", "org_1//a", "org_1/../a", "org_1/./a", "org_1/.a", "org_1/a b", "org_1/a\\b", "org_1/\u0000", "org_1/ä", `org_1/${"a".repeat(101)}`, "org_1/~a"];
    for (const key of wrong) {
      await expect(store.put(key, bytes("x"), TEXT), key).rejects.toMatchObject(REFUSED);
      await expect(store.get(key), key).rejects.toMatchObject(REFUSED);
      await expect(store.head(key), key).rejects.toMatchObject(REFUSED);
      await expect(store.delete(key), key).rejects.toMatchObject(REFUSED);
    }
  });

  verifiesOn(harness, "BLB12", "a prefix that is not one organization's is refused", async () => {
    const store = await harness.create();
    await put(store, "org_1/a", "org_10/a");
    for (const prefix of ["", "org_1", "/", "org_1/../org_10/", "../"]) {
      await expect(store.list(prefix, { after: null, limit: 10 }), prefix).rejects.toMatchObject(REFUSED);
    }
  });

  verifiesOn(harness, "BLB13", "keys that continue one another or differ by case stay apart", async () => {
    const store = await harness.create();
    const keys = ["org_1/A", "org_1/a", "org_1/a/b", "org_1/a/b/c", "org_1/aB"];
    await put(store, ...keys);
    for (const key of keys) expect(await textOf(store, key)).toBe(key);
    expect(await keysOf(store, "org_1/")).toEqual(keys.toSorted());
    await store.delete("org_1/a");
    expect([await textOf(store, "org_1/A"), await textOf(store, "org_1/a/b")]).toEqual(["org_1/A", "org_1/a/b"]);
  });
}

function describeFaults(harness: ContractHarness<BlobStore>): void {
  for (const id of ["blob-store:put:no-room", "blob-store:put:refused", "blob-store:put:unreachable", "blob-store:put:truncated-upload"]) {
    const inject = harness.inject?.[id];
    if (!inject) continue;
    verifiesOn(harness, [id, "BLB14"], "the old content is in place, and the same upload passes afterwards", async () => {
      const store = await harness.create();
      await store.put("org_1/a", bytes("the old content"), TEXT);
      await inject(store);
      await expect(store.put("org_1/a", bytes("the new content"), TEXT)).rejects.toMatchObject(symptomOf(id));
      expect([await textOf(store, "org_1/a"), await keysOf(store, "org_1/")]).toEqual(["the old content", ["org_1/a"]]);
      await store.put("org_1/a", bytes("the new content"), TEXT);
      expect(await textOf(store, "org_1/a")).toBe("the new content");
    });
  }

  const lost = harness.inject?.["blob-store:put:lost-answer"];
  if (lost) {
    verifiesOn(harness, "blob-store:put:lost-answer", "the outcome is unknown, and the same upload settles it", async () => {
      const store = await harness.create();
      await lost(store);
      await expect(store.put("org_1/a", bytes("hello"), TEXT)).rejects.toMatchObject(symptomOf("blob-store:put:lost-answer"));
      expect((await store.put("org_1/a", bytes("hello"), TEXT)).sha256).toBe(HELLO);
      expect(await keysOf(store, "org_1/")).toEqual(["org_1/a"]);
    });
  }

  const torn = harness.inject?.["blob-store:get:torn-content"];
  if (torn) {
    verifiesOn(harness, ["blob-store:get:torn-content", "BLB15"], "content that is not whole is not handed out", async () => {
      const store = await harness.create();
      await store.put("org_1/a", bytes("hello"), TEXT);
      await torn(store);
      await expect(store.get("org_1/a")).rejects.toMatchObject(symptomOf("blob-store:get:torn-content"));
      await store.put("org_1/a", bytes("hello"), TEXT);
      expect(await textOf(store, "org_1/a")).toBe("hello");
    });
  }

  const slow = harness.inject?.["blob-store:get:slow"];
  if (slow) {
    verifiesOn(harness, "blob-store:get:slow", "a slow answer is whole", async () => {
      const store = await harness.create();
      await store.put("org_1/a", bytes("hello"), TEXT);
      await slow(store);
      expect(await textOf(store, "org_1/a")).toBe("hello");
    });
  }
}

function symptomOf(id: string) {
  const symptom = BLOB_STORE_FAULTS.faults.find((fault) => fault.id === id)?.symptom;
  return typeof symptom === "object" ? symptom : {};
}
