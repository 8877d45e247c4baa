/** The contract on the fake. */
import { describeBlobStoreContract } from "./blob-store.contract.ts";
import { InMemoryBlobStore } from "./blob-store.fake.ts";
import type { BlobStore } from "./blob-store.port.ts";

const arm = (id: string) => (store: BlobStore) => {
  if (store instanceof InMemoryBlobStore) store.faults.arm(id);
};

describeBlobStoreContract({
  name: "fake",
  create: () => new InMemoryBlobStore(),
  inject: {
    "blob-store:put:no-room": arm("blob-store:put:no-room"),
    "blob-store:put:refused": arm("blob-store:put:refused"),
    "blob-store:put:unreachable": arm("blob-store:put:unreachable"),
    "blob-store:put:truncated-upload": arm("blob-store:put:truncated-upload"),
    "blob-store:put:lost-answer": arm("blob-store:put:lost-answer"),
    "blob-store:get:torn-content": arm("blob-store:get:torn-content"),
    "blob-store:get:slow": arm("blob-store:get:slow"),
  },
});
