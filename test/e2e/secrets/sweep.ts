/**
 * A user's own provider and key drive a session, and no secret of anybody reaches its sandbox. The search is believed only
 * because it finds canaries in every kind of place and in every spelling.
 */
import { randomInt } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Berth, BerthError, type SessionClient } from "@berth/sdk";
import { startGitServer, type GitServer } from "@berth/testkit/git-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { instancePasswords } from "../../../packages/launcher/src/database-roles.ts";
import { startKeyedModel, type KeyedModel } from "../support/keyed-model.ts";
import { addOrganization } from "../support/second-org.ts";
import { mask, search, spelledOut, unmask, type Found, type Needle, type Plan, type Report } from "../support/secret-search.ts";
import { eventually } from "../support/waiting.ts";
import { logOf, runInHistory, startTestStack, turn, untilStatus, type TestStack } from "../support/stack.ts";
import { canaries, CANARIES, CANARY_ENCODINGS, GIT_PASSWORD, isSaid, KEPT, NOT_ENTERED, OF_PROCESSES, OTHERS, PROVIDER_KEY, THEIRS } from "./needles.ts";

export interface Swept {
  readonly backend: string;
  readonly isolation: string;
  /** In the data folder: where its sessions have their folders. */
  readonly folders: string;
  /** Canaries that are nowhere but in memory, since their place is. */
  readonly inMemory: readonly string[];
}

export function sweepSecrets({ backend, isolation, folders, inMemory }: Swept): void {
  let model: KeyedModel;
  let stack: TestStack;
  let session: SessionClient;
  let server: GitServer;
  let theirKey = "";
  const folder = (): string => join(stack.dataDir, folders, session.id);

  beforeAll(async () => {
    model = await startKeyedModel(PROVIDER_KEY);
    server = await startGitServer({ password: GIT_PASSWORD });
    const vars = { GITHUB_CLIENT_ID: "example-client", GITHUB_CLIENT_SECRET: KEPT["sign-in client secret"] };
    const hostVars = { SMTP_URL: `smtp://berth:${encodeURIComponent(KEPT["mail password"])}@127.0.0.1:9` };
    stack = await startTestStack({ allowOrigins: [model.origin, server.origin], sandboxBackends: [backend] }, { vars, hostVars });
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
    expect((await stack.berth.health()).sandboxes[0]?.isolation).toBe(isolation);
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
    copyFileSync(join(import.meta.dirname, "..", "support", "secret-search.ts"), join(folder(), "work", "secret-search.ts"));
    writeFileSync(join(folder(), "work", "plan.json"), JSON.stringify(plan));
    const before = model.answered();
    await turn(session, "!bash node secret-search.ts plan.json", 150_000);
    expect(model.answered(), "the search ran in a turn that used the key").toBeGreaterThan(before);

    const report = JSON.parse(readFileSync(join(folder(), "work", "plan.json.found"), "utf8")) as Report;
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
    const report = search({ needles: [...canaries, ...secrets()], roots: [folder()], skip: [], plant: [], processes: false });
    const outside = { found: report.found.map((found) => ({ ...found, place: inside(found.place) })) };
    expectCanaries({ ...report, ...outside }, Object.keys(CANARIES).filter((name) => !OF_PROCESSES.test(name) && !inMemory.includes(name)));
    expect(report.refused).toEqual([]);
    expect(ofSecrets(report)).toEqual([]);

    /** The folders are bound to these places. */
    function inside(place: string): string {
      const places = { work: "/workspace", home: "/home/agent", tmp: "/tmp", runtime: "/run/berth" };
      return Object.entries(places).reduce((text, [name, path]) => text.replace(join(folder(), name), path), place);
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

  test("[E2E-4.6] what is left of a session that sleeps, unpacked, holds the canaries of its work and no secret", async () => {
    await session.hibernate();
    await untilStatus(session, ["hibernated"], (await session.get()).lastSeq - 1);
    const needles = [...canaries, ...secrets().filter(({ name }) => !isSaid(name))];
    const report = search({ needles, roots: [join(stack.dataDir, "worker"), folder()], skip: [], plant: [], processes: false });
    console.log(`asleep: ${report.files} files, ${report.packed} packed, ${report.databases} databases`);
    expect(report.found.filter(({ needle, place }) => needle === "work folder" && place.startsWith("packed ")).length).toBeGreaterThan(0);
    expect(ofSecrets(report)).toEqual([]);
  });
}
