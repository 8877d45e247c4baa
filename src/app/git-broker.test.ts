import { verifies } from "@berth/testkit";
import { expect, test } from "vitest";
import { branchPrefixOf } from "../core/git/branch-prefix.ts";
import { FLUSH, joined, pkt } from "../core/git/pkt-line.ts";
import { formatSandboxToken } from "../core/sandbox/sandbox-token.ts";
import { InMemoryCatalog } from "../ports/catalog/catalog.fake.ts";
import { InMemoryIdentity } from "../ports/identity/identity.fake.ts";
import { InMemorySecretVault } from "../ports/secret-vault/secret-vault.fake.ts";
import { InMemorySourceControl } from "../ports/source-control/source-control.fake.ts";
import { createGitBroker, FETCH_BYTES_MAX, PUSH_BYTES_MAX } from "./git-broker.ts";
import type { SessionHandle } from "./session-handle.ts";

const ORG = "org-a";
const SESSION = "ses_01aaaaaaaaaaaaaaaaaaaaaaaa";
const TOKEN = formatSandboxToken({ orgId: ORG, sessionId: SESSION, epoch: 1 }, new Uint8Array(32).fill(7));
const OLD = formatSandboxToken({ orgId: ORG, sessionId: SESSION, epoch: 1 }, new Uint8Array(32).fill(8));
const [ZERO, COMMIT] = ["0".repeat(40), "2".repeat(40)];
const REF = `refs/heads/${branchPrefixOf(SESSION)}work`;

interface Sent {
  readonly token?: string;
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

class Rig {
  readonly source = new InMemorySourceControl();
  readonly identity = new InMemoryIdentity({ now: () => 0 });
  readonly catalog = new InMemoryCatalog({ now: () => 0 });
  readonly vault = new InMemorySecretVault({ now: () => 0 });

  static async make(): Promise<Rig> {
    const rig = new Rig();
    rig.source.host.add("https://git.example/team/app.git", { credential: "ada:example-password" });
    await rig.vault.put(ORG, "repository/rep_1", JSON.stringify({ kind: "basic", username: "ada", password: "example-password" }));
    await rig.catalog.addRepository(ORG, { id: "rep_1", name: "git.example/team/app", url: "https://git.example/team/app.git", secretName: "repository/rep_1", defaultBranch: "main", canPush: true, rights: "organization", createdAtMs: 0 });
    return rig;
  }

  get pushed(): string | undefined {
    return this.source.host.repositories.get("https://git.example/team/app.git")?.refs.get(REF);
  }

  call(method: string, path: string, { token = TOKEN, body, headers = {} }: Sent = {}): Promise<Response> {
    const grant = { orgId: ORG, sessionId: SESSION, epoch: 1, countedFor: null, soleUserId: null, soleWriter: null, makerId: null, runId: null, held: null, providers: [], repositories: ["git.example/team/app"], environmentId: null };
    const handle: Partial<SessionHandle> = { authorizeBroker: async (given) => (given === TOKEN ? grant : null) };
    const init: RequestInit & { duplex: "half" } = { method, headers: { authorization: `Bearer ${token}`, ...headers }, body: body ?? null, duplex: "half" };
    const [step = ""] = path.split("?");
    return createGitBroker({ sessions: { of: () => handle as SessionHandle }, catalog: this.catalog, vault: this.vault, sourceControl: this.source, identity: this.identity, now: () => 0 }).handle(
      new Request(`https://berth.example/v1/broker/git/git.example/team/app.git/${path}`, init),
      { host: "git.example", owner: "team", repo: "app.git", step },
    );
  }
}

const pushOf = (ref: string, more = "report-status"): Uint8Array<ArrayBuffer> => joined(pkt(`${ZERO} ${COMMIT} ${ref}\0${more}`), FLUSH, new TextEncoder().encode("PACK…"));

/** As many bytes as it says, a piece at a time. */
function endless(first: Uint8Array<ArrayBuffer>, bytes: number): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(16 * 1024 * 1024);
  let left = bytes;
  return new ReadableStream({
    start: (controller) => controller.enqueue(first),
    pull(controller) {
      if (left <= 0) return controller.close();
      left -= piece.length;
      controller.enqueue(piece);
    },
  });
}

verifies("GIT5", "a compressed push is read, judged and passed on as what it holds", async () => {
  const rig = await Rig.make();
  const gzip = (bytes: Uint8Array<ArrayBuffer>) => new Response(bytes).body?.pipeThrough(new CompressionStream("gzip")) as ReadableStream;
  const headers = { "content-encoding": "gzip" };
  const refused = await rig.call("POST", "git-receive-pack", { body: gzip(pushOf("refs/heads/main")), headers });
  expect([await refused.text(), rig.source.calls.length]).toEqual([expect.stringContaining("ng refs/heads/main"), 0]);
  expect(await (await rig.call("POST", "git-receive-pack", { body: gzip(pushOf(REF)), headers })).text()).toContain(`ok ${REF}`);
  expect([rig.pushed, rig.source.calls[0]?.headers.has("content-encoding")]).toEqual([COMMIT, false]);
  const broken = await rig.call("POST", "git-receive-pack", { body: "no gzip", headers });
  expect(await broken.text()).toMatch(/^[0-9a-f]{4}ERR The push cannot be read/);
});

verifies("GIT5", "a push and a request past their limits are refused in git's words, with the limit", async () => {
  const rig = await Rig.make();
  const push = await rig.call("POST", "git-receive-pack", { body: endless(pushOf(REF), PUSH_BYTES_MAX) });
  expect(await push.text()).toContain(`ng ${REF} a push may have 1024 MB`);
  const fetched = await rig.call("POST", "git-upload-pack", { body: endless(pkt("want"), FETCH_BYTES_MAX) });
  expect(await fetched.text()).toContain("ERR The request is larger than the 32 MB");
  expect(rig.pushed).toBeUndefined();
}, 60_000);

test.each([
  ["GET", "info/refs"],
  ["GET", "info/refs?service=git-archive"],
  ["POST", "info/refs?service=git-upload-pack"],
  ["GET", "git-upload-pack"],
  ["GET", "HEAD"],
  ["GET", "objects/info/packs"],
  ["POST", "git-upload-archive"],
  ["POST", "git-receive-pack/../git-upload-pack"],
])("[GIT3] %s %s is refused and nothing is sent", async (method, path) => {
  const rig = await Rig.make();
  const response = await rig.call(method, path, method === "POST" ? { body: "x" } : {});
  expect([response.status, response.headers.get("content-type"), rig.source.calls.length]).toEqual([403, "text/plain; charset=utf-8", 0]);
});

verifies("GIT3", "a body in another encoding is refused", async () => {
  const rig = await Rig.make();
  expect((await rig.call("POST", "git-receive-pack", { body: "x", headers: { "content-encoding": "br" } })).status).toBe(403);
});

verifies("GIT1", "a token that is not valid any more is told on every step, in the words of the step", async () => {
  const rig = await Rig.make();
  const says = async (method: string, path: string, body?: BodyInit) => (await rig.call(method, path, { token: OLD, ...(body === undefined ? {} : { body }) })).text();
  expect(await says("GET", "info/refs?service=git-receive-pack")).toMatch(/^[0-9a-f]{4}ERR This sandbox's token is not valid any more/);
  expect(await says("POST", "git-upload-pack", "0000")).toMatch(/^[0-9a-f]{4}ERR This sandbox's token/);
  expect(await says("POST", "git-receive-pack", pushOf(REF))).toContain(`ng ${REF} This sandbox's token`);
  expect(rig.source.calls).toEqual([]);
});

verifies("GIT6", "git's question before a large push is passed on", async () => {
  const rig = await Rig.make();
  expect(await (await rig.call("POST", "git-receive-pack", { body: "0000" })).text()).toBe("");
  expect(rig.source.calls).toHaveLength(1);
});

verifies("GIT7", "what cannot be read is not passed on", async () => {
  const rig = await Rig.make();
  for (const body of ["zzzz", "", joined(pkt("push-cert\0report-status"), FLUSH)]) {
    expect(await (await rig.call("POST", "git-receive-pack", { body })).text()).toMatch(/^[0-9a-f]{4}ERR The push cannot be read/);
  }
  expect(await (await rig.call("POST", "git-receive-pack", { body: pushOf(REF, "report-status push-options") })).text()).toContain(`ng ${REF} push options`);
  expect(rig.source.calls).toEqual([]);
});
