/** Blobs in an R2 bucket. The hash goes along with an upload, so that the bucket refuses one that did not arrive whole. */
import type { R2Bucket, R2Object } from "@cloudflare/workers-types";
import { isPortError, PortError, type Outcome, type PortErrorCode, type Retry } from "../../core/kernel/port-error.ts";
import type { BlobInfo, BlobStore } from "../../ports/blob-store/blob-store.port.ts";
import {
  checkContentType,
  checkKey,
  checkPrefix,
  checkRange,
  clampLimit,
  notWhole,
  resolveRange,
  sha256Hex,
  type ByteRange,
} from "../../ports/blob-store/blob-values.ts";

export function createR2BlobStore(bucket: Pick<R2Bucket, "put" | "get" | "head" | "list" | "delete">): BlobStore {
  async function read(key: string, range: ByteRange | undefined) {
    if (!range) return bucket.get(key);
    // An empty blob has no range at all, not even one from its start.
    const empty = range.offset === 0 && (await bucket.head(key))?.size === 0;
    return bucket.get(key, empty ? {} : { range });
  }

  return {
    async put(key, body, { contentType }) {
      checkKey("put", key);
      checkContentType(contentType);
      const sha256 = await sha256Hex(body);
      await guard("put", () => bucket.put(key, new Uint8Array(body), { sha256, httpMetadata: { contentType }, customMetadata: { sha256 } }));
      return { key, size: body.length, contentType, sha256 };
    },
    async get(key, range) {
      checkKey("get", key);
      if (range) checkRange(range);
      return guard("get", async () => {
        const found = await read(key, range);
        if (!found) return null;
        const info = infoOf(found);
        const { length } = resolveRange(range, info.size);
        const bytes = new Uint8Array(await found.arrayBuffer());
        if (bytes.length !== length) throw notWhole("get", key);
        return { info, bytes };
      });
    },
    async head(key) {
      checkKey("head", key);
      const found = await guard("head", () => bucket.head(key));
      return found ? infoOf(found) : null;
    },
    async list(prefix, { after, limit }) {
      checkPrefix(prefix);
      const options = { prefix, limit: clampLimit(limit), ...(after === null ? {} : { startAfter: after }) };
      const listed = await guard("list", () => bucket.list({ ...options, include: ["httpMetadata", "customMetadata"] }));
      const blobs = listed.objects.map(infoOf);
      return { blobs, next: listed.truncated ? (blobs.at(-1)?.key ?? null) : null };
    },
    async delete(key) {
      checkKey("delete", key);
      await guard("delete", () => bucket.delete(key));
    },
  };
}

function infoOf(object: R2Object): BlobInfo {
  return {
    key: object.key,
    size: object.size,
    contentType: object.httpMetadata?.contentType ?? "application/octet-stream",
    sha256: object.customMetadata?.["sha256"] ?? "",
  };
}

async function guard<Result>(operation: Operation, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (raw) {
    throw isPortError(raw) ? raw : classify(raw, operation);
  }
}

type Operation = "put" | "get" | "head" | "list" | "delete";
type Kind = readonly [code: PortErrorCode, outcome: Outcome, retry: Retry, message: string];

/** R2 puts its code in brackets at the end of the message. */
const KINDS: Readonly<Record<number, Kind>> = {
  10002: ["permission-denied", "not-applied", "never", "the bucket refuses this program"],
  10003: ["permission-denied", "not-applied", "never", "the bucket refuses this program"],
  10004: ["permission-denied", "not-applied", "never", "the bucket refuses this program"],
  10006: ["failed-precondition", "not-applied", "never", "the bucket does not exist"],
  10013: ["internal", "not-applied", "same-request", "the blob did not arrive whole"],
  10037: ["internal", "not-applied", "same-request", "the blob did not arrive whole"],
  10039: ["invalid-argument", "not-applied", "never", "the range starts past the end of the blob"],
  10043: ["resource-exhausted", "not-applied", { afterMs: 1000 }, "the bucket takes no calls for now"],
  10058: ["resource-exhausted", "not-applied", { afterMs: 1000 }, "the bucket takes no more calls for now"],
  100100: ["invalid-argument", "not-applied", "never", "the blob is larger than the bucket takes"],
};

/** Without a code of R2's own nothing is known but that there was no answer. Reading changes nothing either way. */
export function classify(raw: unknown, operation: Operation): PortError {
  const writes = operation === "put" || operation === "delete";
  const unanswered: Kind = ["unknown", writes ? "unknown" : "not-applied", "same-request", "the bucket did not answer"];
  const [code, outcome, retry, message] = KINDS[codeOf(raw) ?? 0] ?? unanswered;
  return new PortError({ port: "blob-store", operation, code, outcome, retry, message, cause: raw });
}

function codeOf(raw: unknown): number | null {
  const message = raw instanceof Error ? raw.message : String(raw);
  const code = /\((\d{5,6})\)\s*$/.exec(message)?.[1];
  return code === undefined ? null : Number(code);
}
