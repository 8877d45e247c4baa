/** The contract on a folder. Faults are made where files are written, and by cutting a stored file short. */
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { describeBlobStoreContract } from "../../ports/blob-store/blob-store.contract.ts";
import type { BlobStore } from "../../ports/blob-store/blob-store.port.ts";
import { createFilesystemBlobStore } from "./filesystem.ts";

type Write = (file: FileHandle, bytes: Uint8Array) => Promise<void>;
interface Folder {
  readonly root: string;
  nextWrite: Write | null;
}

const folders = new Map<BlobStore, Folder>();

function folderOf(store: BlobStore): Folder {
  const folder = folders.get(store);
  if (!folder) throw new Error("not a store of this harness");
  return folder;
}

function create(): BlobStore {
  const folder: Folder = { root: mkdtempSync(join(tmpdir(), "berth-blobs-")), nextWrite: null };
  const store = createFilesystemBlobStore(join(folder.root, "blobs"), (file, bytes) => {
    const write: Write = folder.nextWrite ?? ((to, whole) => to.writeFile(whole));
    folder.nextWrite = null;
    return write(file, bytes);
  });
  folders.set(store, folder);
  return store;
}

const byWrite = (write: Write) => (store: BlobStore) => {
  folderOf(store).nextWrite = write;
};
const failing = (code: string): Write => async (file, bytes) => {
  await file.writeFile(bytes.subarray(0, 3));
  throw Object.assign(new Error(`${code}: write`), { code });
};

function dispose(): void {
  for (const { root } of folders.values()) rmSync(root, { recursive: true });
  folders.clear();
}

describeBlobStoreContract({
  name: "filesystem",
  create,
  dispose,
  inject: {
    "blob-store:put:no-room": byWrite(failing("ENOSPC")),
    "blob-store:put:refused": byWrite(failing("EACCES")),
    "blob-store:put:truncated-upload": byWrite((file, bytes) => file.writeFile(bytes.subarray(0, bytes.length - 1))),
    "blob-store:get:torn-content": (store) => {
      const path = join(folderOf(store).root, "blobs", "org_1", "a~~blob");
      truncateSync(path, statSync(path).size - 1);
    },
  },
});

verifies("BLB14", "an upload that failed leaves no file behind", async () => {
  const store = create();
  const folder = folderOf(store);
  folder.nextWrite = failing("ENOSPC");
  await expect(store.put("org_1/a", new Uint8Array(9), { contentType: "text/plain" })).rejects.toMatchObject({ code: "resource-exhausted" });
  expect(readdirSync(join(folder.root, "blobs"), { recursive: true })).toEqual(["~~uploads"]);
  dispose();
});
