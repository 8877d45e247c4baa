import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import { forgoPluginInstall } from "./opencode-plugin-install.ts";
import { openBehindRelay } from "./opencode-relay.testkit.ts";
import { OPENCODE_TEST_MS, stageOfEachTest } from "./opencode.testkit.ts";

const stage = stageOfEachTest();

verifies("AGT34", "OpenCode starts and runs a turn without packages from anywhere", async () => {
  const { said, prompt } = await openBehindRelay(stage(), ({ body }) => ({ body }));
  await prompt("msg_1", "!sleep 1000\n!say done");
  expect(await said.first("turn-ended")).toMatchObject({ outcome: "completed" });
  expect(existsSync(join(stage().home, ".npm"))).toBe(false);
  expect(readdirSync(join(stage().home, ".config", "opencode", "node_modules"))).toEqual([]);
}, OPENCODE_TEST_MS);

verifies("AGT34", "packages that a person put beside OpenCode's configuration are left as they are", () => {
  const folder = join(stage().home, ".config", "opencode");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"dependencies":{"left-alone":"1.0.0"}}');
  forgoPluginInstall(stage().home);
  expect(readFileSync(join(folder, "package.json"), "utf8")).toContain("left-alone");
  expect(readdirSync(folder)).toEqual(["package.json"]);
});
