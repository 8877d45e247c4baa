/**
 * A user's own provider and key drive a session, and no secret of anybody reaches its sandbox. The search is believed only
 * because it finds canaries in every kind of place and in every spelling.
 */
import { randomBytes, randomInt } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Berth, BerthError, type SessionClient } from "@berth/sdk";
import { startGitServer, type GitServer } from "@berth/testkit/git-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { instancePasswords } from "../../packages/launcher/src/database-roles.ts";
import { startKeyedModel, type KeyedModel } from "./support/keyed-model.ts";
import { addOrganization } from "./support/second-org.ts";
import { mask, search, spelledOut, unmask, type Found, type Needle, type Plan, type Report } from "./support/secret-search.ts";
import { eventually } from "./support/waiting.ts";
import { logOf, runInHistory, startTestStack, turn, untilStatus, workFile, type TestStack } from "./support/stack.ts";

/** Characters that each encoding spells in its own way. */
const secretText = (name: string): string => `${name}/+=&${randomBytes(16).toString("base64")}`;
const PROVIDER_KEY = secretText("sk-example");
const CANARY_ENCODINGS = ["raw", "base64 +0", "hex", "URL"];
/** Where a canary is planted, and where it must then be found. */
const CANARIES: Readonly<Record<string, { readonly plant: Plan["plant"][number]["place"] | "prompt"; readonly path?: string; readonly found: RegExp }>> = {
  "environment of a process": { plant: "environ", found: /^environ$/ },
  "command line of a process": { plant: "cmdline", found: /^cmdline$/ },
  "work folder": { plant: "file", path: "/workspace/canary.txt", found: /^file \/workspace\/canary\.txt$/ },
  home: { plant: "file", path: "/home/agent/.canary", found: /^file \/home\/agent\/\.canary$/ },
  "temporary folder": { plant: "file", path: "/tmp/deep/er/canary", found: /^file \/tmp\/deep\/er\/canary$/ },
  "runtime folder": { plant: "file", path: "/run/berth/canary", found: /^file \/run\/berth\/canary$/ },
  "OpenCode's configuration": { plant: "file", path: "/home/agent/.config/opencode/canary.json", found: /^file .*\/\.config\/opencode\/canary\.json$/ },
  "OpenCode's logs": { plant: "file", path: "/home/agent/.local/share/opencode/log/canary.log", found: /^file .*\/opencode\/log\/canary\.log$/ },
  "git's configuration": { plant: "file", path: "/home/agent/.config/git/canary", found: /^file \/home\/agent\/\.config\/git\/canary$/ },
  "the repository's git folder": { plant: "file", path: "/workspace/.git/canary", found: /^file \/workspace\/\.git\/canary$/ },
  "the runtime's own folder": { plant: "file", path: "/home/agent/.berth-runtime/canary", found: /^file .*\/\.berth-runtime\/canary$/ },
  "target of a link": { plant: "link", path: "/workspace/canary-link", found: /^link \/workspace\/canary-link$/ },
  "open file without a name": { plant: "fd", path: "/tmp/canary-open", found: /^open file$/ },
  "OpenCode's database": { plant: "prompt", found: /^database .*\/opencode\/.*\.db$/ },
};
/** Only seen while its process lives. */
const OF_PROCESSES = /process$|^open file/;
const NOT_ENTERED = ["/proc", "/sys", "/dev", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix"];

let model: KeyedModel;
let stack: TestStack;
let session: SessionClient;
let server: GitServer;
const GIT_PASSWORD = secretText("git-example");
/** Kept by people and by the operator; nothing of it belongs into a sandbox or a log. */
const KEPT = { "broker's secret": secretText("broker"), "mail password": secretText("smtp"), "sign-in client secret": secretText("oauth"), "a person's password": secretText("password") };
/** Another organization's: the secret is in the environment of its own sandbox. */
const THEIRS = { "another organization's prompt": secretText("org-prompt"), "another organization's file": secretText("org-file"), "another organization's secret": secretText("org-secret") };
let theirKey = "";
const OTHERS = { "another session's prompt": secretText("their-prompt"), "another session's file": secretText("their-file") };
const canaries: Needle[] = Object.keys(CANARIES).map((name) => ({ name, masked: mask(secretText("canary")) }));

beforeAll(async () => {
  model = await startKeyedModel(PROVIDER_KEY);
  server = await startGitServer({ password: GIT_PASSWORD });
  const vars = { GITHUB_CLIENT_ID: "example-client", GITHUB_CLIENT_SECRET: KEPT["sign-in client secret"] };
  const hostVars = { SMTP_URL: `smtp://berth:${encodeURIComponent(KEPT["mail password"])}@127.0.0.1:9` };
  stack = await startTestStack({ allowOrigins: [model.origin, server.origin] }, { vars, hostVars });
  theirKey = await addOrganization(stack, "theirs");
});

afterAll(async () => {
  await stack?.end();
  await model?.close();
  await server?.close();
});

test("[E2E-4.1] a provider of one's own: a wrong key is refused, the right one runs a turn, and its output is everywhere it belongs", async () => {
  const { berth } = stack;
  const provider = { provider: "example", kind: "openai-compatible", baseUrl: `${model.origin}/v1` } as const;
  const refused = await berth.keys.create({ ...provider, key: "sk-wrong" }).catch((error: unknown) => error);
  expect(BerthError.is(refused) && [refused.status, refused.errors[0]?.pointer]).toEqual([422, "/key"]);
  await berth.keys.create({ ...provider, key: PROVIDER_KEY });
  expect((await berth.models.list().all()).map(({ id }) => id)).toContain("example/demo");

  await berth.secrets.create({ name: "BROKER_TOKEN", value: KEPT["broker's secret"], hosts: [{ host: "api.example.com", header: "authorization" }] });
  const { token } = await berth.invitations.create({ email: "bo@example.com", role: "member" });
  const body = new URLSearchParams({ name: "Bo", password: KEPT["a person's password"] });
  expect((await fetch(`${stack.url}/invitation/account?token=${token ?? ""}`, { method: "POST", headers: { origin: stack.url }, body, redirect: "manual" })).status).toBe(303);

  const url = await server.makeRepository("team/app.git");
  await berth.repos.create({ url, credential: { username: server.username, password: GIT_PASSWORD } });
  session = berth.session((await berth.sessions.create({ model: "example/demo", workspace: { kind: "repo", url } })).id);
  await untilStatus(session, ["idle"]);
  // Only a shell can know the product.
  const [a, b] = [randomInt(10_000, 99_999), randomInt(10_000, 99_999)];
  await turn(session, `!say before\n!bash echo $((${a}*${b}))\n!say after`);
  expect(model.answered()).toBeGreaterThanOrEqual(2);

  const events = await logOf(session);
  const run = events.find((event) => event.type === "run.ended");
  const output = events.find((event) => event.type === "part.ended" && JSON.stringify(event.data).includes(String(a * b)));
  expect(output?.runId).toBe(run?.runId);
  expect((await runInHistory(stack.berth, run?.runId ?? "")).events).toEqual(events.filter(({ runId }) => runId === run?.runId));
  const rows = await stack.query<{ count: number }>("select count(*)::int as count from agent_run_events where run_id = $1 and event::text like $2", [run?.runId, `%${a * b}%`]);
  expect(rows[0]?.count).toBeGreaterThan(0);
  expect(model.headers.filter((headers) => headers.includes("berth_sbx_")), "the sandbox's token went to the provider").toEqual([]);
});

/** What must be nowhere in a sandbox. */
function secrets(): Needle[] {
  const { masterKey, authSecret, operatorToken, sandboxHostSecret, postgresPassword, apiKey } = stack.secrets;
  const { app, auth } = instancePasswords(stack.secrets);
  const texts = { "provider key": PROVIDER_KEY, "master key as text": masterKey, "auth secret": authSecret, "operator token": operatorToken, "host secret": sandboxHostSecret, "PostgreSQL password": postgresPassword, "password of the app role": app, "password of the auth role": auth, "API key": apiKey ?? stack.apiKey, "git password": GIT_PASSWORD, "another organization's API key": theirKey, ...KEPT, ...THEIRS, ...OTHERS };
  return [...Object.entries(texts).map(([name, text]) => ({ name, masked: mask(text) })), { name: "master key", masked: mask(Buffer.from(masterKey, "base64")) }];
}

function expectCanaries(report: Report, names: readonly string[]): void {
  for (const name of names) {
    const places = report.found.filter(({ needle, place }) => needle === name && CANARIES[name]?.found.test(place.replace(stack.dataDir, "")));
    expect([...new Set(places.map(({ encoding }) => encoding))], `canary in ${name}`).toEqual(expect.arrayContaining(CANARY_ENCODINGS));
  }
}

function ofSecrets(report: Report): Found[] {
  const names = new Set(secrets().map(({ name }) => name));
  return report.found.filter(({ needle }) => names.has(needle));
}

test("[E2E-4.2] inside the sandbox every canary is found and no secret", async () => {
  expect((await stack.berth.health()).sandboxes[0]?.isolation).toBe("bubblewrap");
  const inDatabase = canaries.find(({ name }) => name === "OpenCode's database");
  await turn(session, `!say ${spelledOut(unmask(inDatabase?.masked ?? ""))}`);

  // Somebody else's sandbox on the same machine, at work at the same time.
  const theirs = await stack.idleSession();
  const [theirPrompt, theirFile] = Object.values(OTHERS);
  await turn(theirs, `!say ${theirPrompt}\n!bash printf %s '${theirFile}' > theirs.txt`);

  // And another organization's.
  const other = new Berth({ baseUrl: stack.url, apiKey: theirKey });
  await other.secrets.create({ name: "READABLE", value: THEIRS["another organization's secret"], readableByAgent: true });
  const foreign = other.session((await other.sessions.create({ model: "demo/demo" })).id);
  await untilStatus(foreign, ["idle"]);
  await turn(foreign, `!say ${THEIRS["another organization's prompt"]}\n!bash printf %s '${THEIRS["another organization's file"]}' > theirs.txt; test -n "$READABLE" && echo there`);
  expect(JSON.stringify(await logOf(foreign))).toContain("there");

  const plan: Plan = {
    needles: [...canaries, ...secrets(), { name: "sandbox token", masked: mask("berth_sbx_") }],
    roots: ["/", "/dev/shm"],
    skip: NOT_ENTERED,
    plant: canaries.flatMap(({ name }) => {
      const { plant, path } = CANARIES[name] ?? {};
      return plant === undefined || plant === "prompt" ? [] : [{ place: plant, needle: name, ...(path === undefined ? {} : { path }) }];
    }),
    processes: true,
  };
  copyFileSync(join(import.meta.dirname, "support", "secret-search.ts"), workFile(stack, session.id, "secret-search.ts"));
  writeFileSync(workFile(stack, session.id, "plan.json"), JSON.stringify(plan));
  const before = model.answered();
  await turn(session, "!bash node secret-search.ts plan.json", 150_000);
  expect(model.answered(), "the search ran in a turn that used the key").toBeGreaterThan(before);

  const report = JSON.parse(readFileSync(workFile(stack, session.id, "plan.json.found"), "utf8")) as Report;
  console.log(`inside: ${report.files} files, ${report.databases} databases, ${report.packed} packed files, ${report.processes} processes, ${Math.round(report.bytes / 1e6)} MB; not readable: ${report.refused.length}`);
  console.log(report.refused.slice(0, 20).join("\n"));
  expectCanaries(report, Object.keys(CANARIES));
  console.log(`kinds of canary found: ${Object.keys(CANARIES).length}; real secrets looked for: ${secrets().length}, found: ${ofSecrets(report).length}`);
  expect(Object.keys(CANARIES).length).toBeGreaterThanOrEqual(12);
  expect(report.processes).toBeGreaterThan(3);
  expect(report.databases).toBeGreaterThan(0);
  expect(report.found.map(({ needle }) => needle), "the session's own token, which may be there").toContain("sandbox token");
  expect(ofSecrets(report)).toEqual([]);
});

test("[E2E-4.3] from outside, the sandbox's folders hold every canary and no secret", () => {
  const folder = join(stack.dataDir, "sandboxes", session.id);
  const report = search({ needles: [...canaries, ...secrets()], roots: [folder], skip: [], plant: [], processes: false });
  const outside = { found: report.found.map((found) => ({ ...found, place: inside(found.place) })) };
  expectCanaries({ ...report, ...outside }, Object.keys(CANARIES).filter((name) => !OF_PROCESSES.test(name)));
  expect(report.refused).toEqual([]);
  expect(ofSecrets(report)).toEqual([]);

  /** The folders are bound to these places. */
  function inside(place: string): string {
    const places = { work: "/workspace", home: "/home/agent", tmp: "/tmp", runtime: "/run/berth" };
    return Object.entries(places).reduce((text, [name, path]) => text.replace(join(folder, name), path), place);
  }
});

test("[E2E-4.5] what is saved of the session's work holds the canaries and no secret", async () => {
  const needles = [...canaries, ...secrets().filter(({ name }) => !isSaid(name))];
  const kept = ["work folder", "the repository's git folder"];
  let report: Report = search({ needles, roots: [], skip: [], plant: [], processes: false });
  // The newest checkpoint is saved a moment after the turn.
  await eventually("a checkpoint with the canary", () => {
    report = search({ needles, roots: [join(stack.dataDir, "worker")], skip: [], plant: [], processes: false });
    return report.found.some(({ needle, place }) => needle === kept[0] && place.startsWith("packed ")) || `in ${report.packed} packed files`;
  }, 60_000);
  console.log(`saved: ${report.files} files, ${report.packed} packed, ${report.databases} databases`);
  expect(ofSecrets(report)).toEqual([]);
});

/** What others said in their sessions and wrote there, which their sessions keep. */
function isSaid(name: string): boolean {
  return name in OTHERS || name === "another organization's prompt" || name === "another organization's file";
}

test("[E2E-4.4] no log of the instance holds a secret or what people said, and no object a secret", () => {
  const logs = search({ needles: secrets(), roots: [join(stack.dataDir, "logs")], skip: [], plant: [], processes: false });
  expect(logs.found).toEqual([]);
  const objects = search({ needles: secrets().filter(({ name }) => !isSaid(name)), roots: [join(stack.dataDir, "worker")], skip: [], plant: [], processes: false });
  expect(objects.found).toEqual([]);
  expect([logs.files > 0, objects.files > 3]).toEqual([true, true]);
  // The search is believed since it finds what is there.
  const said = secrets().filter(({ name }) => isSaid(name));
  expect(search({ needles: said, roots: [join(stack.dataDir, "worker")], skip: [], plant: [], processes: false }).found.length).toBeGreaterThan(0);
});
