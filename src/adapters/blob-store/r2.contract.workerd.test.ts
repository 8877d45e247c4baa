/** The contract on a local R2 bucket. Faults of the way there are made around the binding; R2 itself checks the hash. */
import type { R2Bucket } from "@cloudflare/workers-types";
import { env } from "cloudflare:workers";
import { describeBlobStoreContract } from "../../ports/blob-store/blob-store.contract.ts";
import type { BlobStore } from "../../ports/blob-store/blob-store.port.ts";
import { createR2BlobStore } from "./r2.ts";

type Call = () => Promise<unknown>;
interface Way {
  nextPut: ((call: Call, callWith: (body: Uint8Array) => Promise<unknown>, body: Uint8Array) => Promise<unknown>) | null;
  nextGet: ((call: Call) => Promise<unknown>) | null;
}

const bucket = env.BLOBS as R2Bucket;
const ways = new WeakMap<BlobStore, Way>();

function wayOf(store: BlobStore): Way {
  const way = ways.get(store);
  if (!way) throw new Error("not a store of this harness");
  return way;
}

function create(): BlobStore {
  const way: Way = { nextPut: null, nextGet: null };
  const around = new Proxy(bucket, {
    get(target, name) {
      if (name === "put") {
        return (key: string, body: Uint8Array, options: object) => {
          const { nextPut } = way;
          way.nextPut = null;
          const callWith = (bytes: Uint8Array) => target.put(key, bytes, options);
          return nextPut ? nextPut(() => callWith(body), callWith, body) : callWith(body);
        };
      }
      if (name === "get") {
        return (key: string, options: object) => {
          const { nextGet } = way;
          way.nextGet = null;
          return nextGet ? nextGet(() => target.get(key, options)) : target.get(key, options);
        };
      }
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const store = createR2BlobStore(around);
  ways.set(store, way);
  return store;
}

async function dispose(): Promise<void> {
  const { objects } = await bucket.list();
  await bucket.delete(objects.map(({ key }) => key));
}

const onPut = (way: NonNullable<Way["nextPut"]>) => (store: BlobStore) => {
  wayOf(store).nextPut = way;
};
const onGet = (way: NonNullable<Way["nextGet"]>) => (store: BlobStore) => {
  wayOf(store).nextGet = way;
};

describeBlobStoreContract({
  name: "r2",
  create,
  dispose,
  inject: {
    "blob-store:put:no-room": onPut(() => Promise.reject(new Error("put: Reduce your concurrent request rate for the same object. (10058)"))),
    "blob-store:put:refused": onPut(() => Promise.reject(new Error("put: Forbidden (10004)"))),
    "blob-store:put:unreachable": onPut(() => Promise.reject(new Error("Network connection lost."))),
    "blob-store:put:lost-answer": onPut(async (call) => {
      await call();
      throw new Error("Network connection lost.");
    }),
    "blob-store:put:truncated-upload": onPut((_call, callWith, body) => callWith(body.slice(0, -1))),
    "blob-store:get:torn-content": onGet(async (call) => {
      const found = (await call()) as { arrayBuffer(): Promise<ArrayBuffer> };
      return Object.assign(Object.create(found) as object, { arrayBuffer: async () => (await found.arrayBuffer()).slice(1) });
    }),
    "blob-store:get:slow": onGet(async (call) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return call();
    }),
  },
});
