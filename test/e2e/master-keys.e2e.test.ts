/** From one master key to the next on a data folder with a secret in it, and what a wrong one is told as. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { verifies } from "@berth/testkit";
import { afterAll, beforeAll, expect } from "vitest";
import { checkOrganizations, checkSecrets } from "../../packages/launcher/src/doctor/instance.ts";
import { LocalState } from "../../packages/launcher/src/local-state.ts";
import { ROOT } from "../../packages/launcher/src/paths.ts";
import { startKeyedModel, type KeyedModel } from "./support/keyed-model.ts";
import { makeDataDir, startTestStack, turn, untilStatus, type TestStack } from "./support/stack.ts";

const PROVIDER_KEY = `sk-example-${randomBytes(16).toString("hex")}`;
const dataDir = makeDataDir();
const state = new LocalState(dataDir);
let model: KeyedModel;
let stack: TestStack;

const start = async (): Promise<void> => {
  stack = await startTestStack({ dataDir, allowOrigins: [model.origin], demoModel: false });
};
const keyVersions = async () => (await stack.query<{ key_version: number }>("select key_version from secrets")).map((row) => row.key_version);

beforeAll(async () => {
  model = await startKeyedModel(PROVIDER_KEY);
  await start();
});
afterAll(async () => {
  await stack?.end();
  await model?.close();
});

/** As a person runs it, in a process of its own. */
function command(...args: string[]): Promise<{ readonly code: number; readonly output: string }> {
  const file = join(ROOT, "packages", "launcher", "src", "main.ts");
  return new Promise((resolve) => {
    execFile(process.execPath, [file, "secrets:rotate", "--data-dir", dataDir, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

/** One model call through the broker, with the key out of the vault. */
async function callModel(): Promise<void> {
  const session = stack.berth.session((await stack.berth.sessions.create({ model: "example/demo" })).id);
  await untilStatus(session, ["idle"]);
  const before = model.answered();
  await turn(session, "!say hello");
  expect(model.answered()).toBeGreaterThan(before);
}

verifies("MKY1", "a new master key takes over a folder's secrets while they are in use, and the old one is then dropped", async () => {
  await stack.berth.keys.create({ provider: "example", kind: "openai-compatible", baseUrl: `${model.origin}/v1`, key: PROVIDER_KEY });
  expect(await keyVersions()).toEqual([1]);
  expect(await checkSecrets(state)).toMatchObject([{ status: "ok", text: "1, all readable under master key 1" }]);
  expect(await checkOrganizations(state, null)).toMatchObject([{ status: "ok" }]);
  const refused = await command("--new-key");
  expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("already runs")]);

  await stack.stop();
  expect((await command("--new-key")).output).toContain("Master key 2 is in");
  await start();
  expect((await checkSecrets(state))[0]?.text).toContain("master key 1 is still configured");
  await callModel();
  const { code, output } = await command();
  expect([code, output]).toEqual([0, expect.stringMatching(/1 of 1 secrets in 1 organizations were moved; the newest master key is 2\.\n.*Master key 1 may be dropped/)]);
  expect(await keyVersions()).toEqual([2]);
  expect(state.knownSecrets()?.olderMasterKeys).toEqual([]);

  await stack.stop();
  await start();
  await callModel();
}, 400_000);

verifies("MKY2", "a wrong master key is told as one by doctor and the command, and the right one mends it", async () => {
  await stack.stop();
  const right = state.secrets();
  state.saveSecrets({ ...right, masterKey: randomBytes(32).toString("base64") });
  await start();
  const [finding] = await checkSecrets(state);
  expect(finding).toMatchObject({ status: "bad", text: expect.stringContaining("1 under another master key than the one configured as 2") });
  const { code, output } = await command();
  expect([code, output]).toEqual([1, expect.stringContaining("another master key than the one configured as 2")]);
  expect((await stack.berth.keys.list().all()).map(({ provider }) => provider)).toEqual(["example"]);

  await stack.stop();
  state.saveSecrets(right);
  await start();
  expect(await checkSecrets(state)).toMatchObject([{ status: "ok" }]);
  await callModel();
}, 400_000);
