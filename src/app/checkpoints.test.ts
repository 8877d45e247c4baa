import { describe, expect, test } from "vitest";
import { LIMITS, type Session } from "@berth/protocol";
import { formatSandboxToken } from "../core/sandbox/sandbox-token.ts";
import { InMemoryBlobStore } from "../ports/blob-store/blob-store.fake.ts";
import { CheckpointBlobs } from "./checkpoints.ts";
import { CheckpointRoom } from "./session/checkpoint-room.ts";
import type { SessionHandle } from "./session-handle.ts";

const ORG = "org-a";
const SESSION = "ses_01aaaaaaaaaaaaaaaaaaaaaaaa";
const token = (epoch: number, sessionId = SESSION, orgId = ORG): string => formatSandboxToken({ orgId, sessionId, epoch }, new Uint8Array(32).fill(epoch));

class Rig {
  readonly blobs = new InMemoryBlobStore();
  current = 1;
  isRemoved = false;

  readonly rooms = new Map<string, CheckpointRoom>();

  of(withToken: string): Promise<CheckpointBlobs> {
    const of = (orgId: string, sessionId: string): SessionHandle => {
      const room = this.rooms.get(sessionId) ?? new CheckpointRoom(this.blobs, () => 0);
      this.rooms.set(sessionId, room);
      const handle: Partial<SessionHandle> = {
        checkpointRoom: (_, request) => room.ask({ orgId, sessionId }, request),
        read: async () => (this.isRemoved ? null : ({} as Session)),
        authorizeBroker: async (given) => (!this.isRemoved && given === token(this.current, sessionId, orgId) ? { orgId, sessionId, epoch: this.current, countedFor: null, soleUserId: null, soleWriter: null, makerId: null, runId: null, held: null, providers: [], repositories: [], environmentId: null } : null),
      };
      return handle as SessionHandle;
    };
    return CheckpointBlobs.of({ sessions: { of }, blobs: this.blobs }, withToken);
  }
}

function upload(bytes: Uint8Array, length = String(bytes.length)): Request {
  return new Request("http://berth.invalid/", { method: "PUT", body: new Uint8Array(bytes), headers: length === "" ? {} : { "content-length": length } });
}

describe("blobs of a session's checkpoints", () => {
  test("[CHK11] are stored, read, listed and deleted under the session's own prefix", async () => {
    const rig = new Rig();
    const mine = await rig.of(token(1));
    for (const name of ["b", "a"]) await mine.put(name, upload(new TextEncoder().encode(name.repeat(3))));
    expect((await rig.blobs.list(`${ORG}/`, { after: null, limit: 10 })).blobs.map(({ key }) => key)).toEqual([`${ORG}/${SESSION}/checkpoints/a`, `${ORG}/${SESSION}/checkpoints/b`]);
    expect(new TextDecoder().decode(await mine.get("b"))).toBe("bbb");
    expect(await mine.list(null)).toEqual({ items: [{ name: "a", bytes: 3 }, { name: "b", bytes: 3 }], next: null });
    expect(await mine.list("a")).toEqual({ items: [{ name: "b", bytes: 3 }], next: null });
    await mine.delete("a");
    await mine.delete("a");
    await expect(mine.get("a")).rejects.toMatchObject({ problem: { status: 404 } });
    const other = await rig.of(token(1, "ses_01bbbbbbbbbbbbbbbbbbbbbbbb"));
    expect((await other.list(null)).items).toEqual([]);
    await expect(other.get("b")).rejects.toMatchObject({ problem: { status: 404 } });
  });

  test("[CHK11] a token of an older sandbox is worth nothing, and neither is what is no token", async () => {
    const rig = new Rig();
    rig.current = 2;
    for (const given of [token(1), "", "example"]) await expect(rig.of(given)).rejects.toMatchObject({ problem: { status: 401 } });
    await (await rig.of(token(2))).put("a", upload(new Uint8Array(1)));
  });

  test.each(["../other/checkpoints/a", "", ".", "..", "A", "a/b", "a%2fb", "x".repeat(101)])("[CHK11] the name %j is refused", async (name) => {
    const mine = await new Rig().of(token(1));
    await expect(mine.put(name, upload(new Uint8Array(1)))).rejects.toMatchObject({ problem: { status: 400 } });
    await expect(mine.get(name)).rejects.toMatchObject({ problem: { status: 400 } });
    await expect(mine.delete(name)).rejects.toMatchObject({ problem: { status: 400 } });
  });

  test("[CHK11] a blob too large, without a length, or past the session's limits is refused and named", async () => {
    const rig = new Rig();
    const mine = await rig.of(token(1));
    await expect(mine.put("a", upload(new Uint8Array(1), String(LIMITS.checkpointBlobBytesMax + 1)))).rejects.toMatchObject({ problem: { status: 413, detail: expect.stringContaining("checkpointBlobBytesMax") } });
    await expect(mine.put("a", upload(new Uint8Array(1), ""))).rejects.toMatchObject({ problem: { status: 400 } });
    rig.blobs.list = async (prefix) => ({ blobs: [{ key: `${prefix}a`, size: 2 * LIMITS.checkpointBytesMax, contentType: "", sha256: "" }], next: null });
    await expect(mine.put("b", upload(new Uint8Array(1)))).rejects.toMatchObject({ problem: { status: 409, detail: expect.stringContaining("checkpointBytesMax"), fix: expect.any(String) } });
    rig.rooms.clear();
    rig.blobs.list = async (prefix) => ({ blobs: Array.from({ length: LIMITS.checkpointBlobsMax }, (_, i) => ({ key: `${prefix}${i}`, size: 1, contentType: "", sha256: "" })), next: null });
    await expect(mine.put("b", upload(new Uint8Array(1)))).rejects.toMatchObject({ problem: { status: 409, detail: expect.stringContaining("checkpointBlobsMax") } });
  });

  test("[CHK11] blobs that arrive at once are counted together, and the store is listed once", async () => {
    const rig = new Rig();
    const mine = await rig.of(token(1));
    const size = LIMITS.checkpointBlobBytesMax;
    const fit = Math.floor((2 * LIMITS.checkpointBytesMax) / size);
    let lists = 0;
    const list = rig.blobs.list.bind(rig.blobs);
    rig.blobs.list = (...args) => (lists++, list(...args));
    // The length is what is announced; nothing of that size needs to be in memory here.
    const small = () => upload(new Uint8Array(1), String(size));
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const put = rig.blobs.put.bind(rig.blobs);
    rig.blobs.put = async (...args) => (await gate, put(...args));
    const puts = Promise.allSettled(Array.from({ length: fit + 3 }, (_, n) => mine.put(`b${n}`, small())));
    setImmediate(open);
    const refused = (await puts).filter(({ status }) => status === "rejected");
    expect([refused.length, lists]).toEqual([3, 1]);
    await expect(mine.put("more", small())).rejects.toMatchObject({ problem: { status: 409 } });
    await mine.put("b0", small());
    await mine.delete("b0");
    await mine.put("more", small());
  });

  test("[CHK11] what breaks off on its way takes no room, and what it would have replaced still does", async () => {
    const rig = new Rig();
    const mine = await rig.of(token(1));
    const size = LIMITS.checkpointBlobBytesMax;
    const fit = Math.floor((2 * LIMITS.checkpointBytesMax) / size);
    for (let n = 0; n < fit; n++) await mine.put(`b${n}`, upload(new Uint8Array(1), String(size)));
    const broken = new ReadableStream({ pull: () => Promise.reject(new Error("gone")) });
    const init: RequestInit & { duplex: "half" } = { method: "PUT", body: broken, headers: { "content-length": "1" }, duplex: "half" };
    await expect(mine.put("b0", new Request("http://berth.invalid/", init))).rejects.toThrow();
    await expect(mine.put("more", upload(new Uint8Array(1), String(size)))).rejects.toMatchObject({ problem: { status: 409 } });
  });

  test("[CHK11] a blob whose sandbox is replaced while it arrives is refused, and one whose session is removed does not stay", async () => {
    const rig = new Rig();
    const mine = await rig.of(token(1));
    rig.current = 2;
    await expect(mine.put("a", upload(new Uint8Array(1)))).rejects.toMatchObject({ problem: { status: 401 } });
    rig.current = 1;
    const put = rig.blobs.put.bind(rig.blobs);
    rig.blobs.put = async (...args) => {
      rig.isRemoved = true;
      return put(...args);
    };
    await mine.put("b", upload(new Uint8Array(1)));
    expect((await mine.list(null)).items).toEqual([]);
  });

  test("[CHK11] a store that does not answer is said to be away", async () => {
    const rig = new Rig();
    const mine = await rig.of(token(1));
    rig.blobs.faults.arm("blob-store:put:unreachable");
    await expect(mine.put("a", upload(new Uint8Array(1)))).rejects.toMatchObject({ problem: { status: 503 } });
  });
});
