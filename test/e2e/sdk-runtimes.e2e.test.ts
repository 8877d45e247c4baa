/**
 * The packed SDK where it is said to run: every case of `packages/sdk/test/cases.ts` in each runtime, against one real
 * instance with real sandboxes. The runtimes go one after the other and share nothing but the instance.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { needs } from "@berth/testkit/needs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sdkCases } from "../../packages/sdk/test/cases.ts";
import { installSdk, type SdkProject } from "./support/sdk-package.ts";
import { SDK_RUNTIMES } from "./support/sdk-runtimes.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

let project: SdkProject;
let stack: TestStack;

beforeAll(async () => {
  project = await installSdk();
  stack = await startTestStack();
});

afterAll(async () => {
  project?.end();
  await stack?.end();
});

test("[SDKR2] the package installs without network in an empty project, brings nothing along, and its types stand alone", async () => {
  expect(readdirSync(join(project.folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["@berth"]);
  expect(readdirSync(join(project.folder, "node_modules", "@berth"))).toEqual(["sdk"]);
  const installed = JSON.parse(readFileSync(join(project.folder, "node_modules", "@berth", "sdk", "package.json"), "utf8")) as object;
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies", "scripts"]) expect(installed).not.toHaveProperty(kind);

  writeFileSync(join(project.folder, "use.ts"), USE);
  const flags = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom,dom.asynciterable", "--types", ""];
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, ...flags, "use.ts"], { cwd: project.folder });
  expect(stdout).toBe("");
});

const USE = `
import { Berth, type Session, type SessionEvent } from "@berth/sdk";
const berth = new Berth({ baseUrl: "http://127.0.0.1:8787", apiKey: "berth_example" });
const session: Session = await berth.sessions.create({ model: "demo/demo", prompt: "!say hello" });
for await (const event of berth.session(session.id).events()) {
  const one: SessionEvent = event;
  if (one.type === "message.queued") { const text: string = one.data.text; console.log(text); }
}
`;

for (const { name: runtime, needs: needed, isNamed, run } of SDK_RUNTIMES) describe(runtime, () => {
  const inRuntime = needs(...needed);
  let ran: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    ran = await run(stack, project);
  }, 300_000);

  inRuntime("[SDKR1] that is where the cases ran", () => {
    expect(ran.runtime).toMatch(isNamed);
    expect(ran.outcomes.map(({ name }) => name)).toEqual(sdkCases.map(({ name }) => name));
  });

  for (const { name } of sdkCases) {
    inRuntime(`[SDKR1] ${name}`, () => {
      expect(ran.outcomes.find((outcome) => outcome.name === name)).toMatchObject({ error: null });
    });
  }
});
