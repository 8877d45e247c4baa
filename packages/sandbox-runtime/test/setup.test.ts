/** The setup script of an environment, run by a real bash in a folder of the test's own. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UpMessage } from "@berth/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSetup, type SetupRequest } from "../src/environment/setup.ts";
import { OUTPUT_END_UNITS, OUTPUT_UNITS_MAX } from "../src/environment/setup-output.ts";
import { Family } from "../src/processes/family.ts";
import { identify } from "../src/processes/process-table.ts";

const TOKEN = "berth_sbx_example_token_of_a_test";
let folder: string;
let posted: UpMessage[];
const owner = () => `ses_of_${folder}`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-setup-"));
  mkdirSync(join(folder, "work"));
  posted = [];
});

afterEach(async () => {
  await new Family({ leader: null, marker: `BERTH_SETUP=${owner()}` }).end(5_000);
  rmSync(folder, { recursive: true, force: true });
});

/** As after each start of the runtime's process. */
function setUp(script: string, { timeoutMs, ...more }: Partial<SetupRequest> & { readonly timeoutMs?: number } = {}, stopping: AbortSignal = new AbortController().signal): Promise<void> {
  const run = createSetup({ workFolder: join(folder, "work"), environment: { PATH: process.env["PATH"] ?? "" }, folder: join(folder, "state"), owner: owner(), token: TOKEN, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  return run({ script, isRestored: false, variables: {}, secrets: {}, post: (message) => void posted.push(message), ...more }, stopping);
}

const printed = () => posted.flatMap((message) => (message.type === "setup-output" ? [message.text] : [])).join("");
const types = () => posted.map(({ type }) => type).filter((type) => type !== "setup-output");
const failure = () => posted.flatMap((message) => (message.type === "setup-ended" ? [message.failure ?? null] : []))[0];

describe("the setup script", () => {
  test("[ENV6] runs in the work folder, with variables and secrets, and once", async () => {
    const script = 'echo "$MODE $BOTH"; echo made > made; pwd';
    const given = { variables: { MODE: "test", BOTH: "variable" }, secrets: { BOTH: "short" } };
    await setUp(script, given);
    expect([types(), printed(), readFileSync(join(folder, "work", "made"), "utf8")]).toEqual([["setup-started", "setup-ended"], `test short\n${join(folder, "work")}\n`, "made\n"]);
    rmSync(join(folder, "work", "made"));
    await setUp(script, given);
    expect([types(), existsSync(join(folder, "work", "made"))]).toEqual([["setup-started", "setup-ended"], false]);
  });

  test("[ENV6] does not run in a folder that was restored, nor later in the same; an empty one is no step", async () => {
    await setUp("echo never", { isRestored: true });
    await setUp("echo never");
    expect(posted).toEqual([]);
    rmSync(join(folder, "state"), { recursive: true });
    await setUp(" \n");
    expect(posted).toEqual([]);
  });

  test("[ENV8] that fails ends at its first failing line and says with which code", async () => {
    await setUp("echo before\n(exit 3)\necho after");
    expect([printed(), failure()]).toMatchObject(["before\n", { code: "setup-failed", message: expect.stringContaining("code 3") as string }]);
    await setUp("echo again");
    expect(printed()).toBe("before\n");
  });

  test("[ENV8] that takes too long is ended with all that it started, also what left its group", async () => {
    await setUp("setsid sleep 60 & echo $! > left; echo begun; sleep 60", { timeoutMs: 1_500 });
    expect([printed(), failure()]).toMatchObject(["begun\n", { code: "setup-timeout", message: expect.stringContaining("2 s") as string }]);
    expect(identify(Number(readFileSync(join(folder, "work", "left"), "utf8")))).toBeNull();
  });

  test("[ENV8] leaves running what it began for the work, which may go on printing", async () => {
    await setUp("(while :; do echo tick; sleep 0.05; done) & echo $! > left");
    expect(failure()).toBeNull();
    expect(identify(Number(readFileSync(join(folder, "work", "left"), "utf8")))).not.toBeNull();
  });

  test("[ENV8] says nothing of its end when the sandbox ends, and begins again where its runtime died under it", async () => {
    const stopping = new AbortController();
    const run = setUp("echo $$ > pid; sleep 60", {}, stopping.signal);
    await expect.poll(() => existsSync(join(folder, "work", "pid")) && readFileSync(join(folder, "work", "pid"), "utf8"), { timeout: 10_000 }).toMatch(/\d/);
    stopping.abort();
    await run;
    expect([types(), identify(Number(readFileSync(join(folder, "work", "pid"), "utf8")))]).toEqual([["setup-started"], null]);
    await setUp("echo again");
    expect([types(), printed()]).toEqual([["setup-started", "setup-started", "setup-ended"], "again\n"]);
  });

  test("[ENV7] shows no credential, also one that comes in pieces", async () => {
    const secret = "example-secret-of-a-setup";
    await setUp(`printf 'a ${secret.slice(0, 9)}'; sleep 1.2; printf '${secret.slice(9)} b ${TOKEN}\\n'; printf 'ends with example-sec'`, { secrets: { DEPLOY: secret } });
    expect(printed()).toBe(`a ${"•".repeat(secret.length)} b ${"•".repeat(TOKEN.length)}\nends with example-sec`);
  });

  test("[ENV7] shows the beginning and the end of what is too much", async () => {
    await setUp("for n in $(seq 1 400000); do echo line $n; done");
    const text = printed();
    expect(text.startsWith("line 1\nline 2\n")).toBe(true);
    expect(text.endsWith("line 399999\nline 400000\n")).toBe(true);
    expect(text.length).toBeLessThan(OUTPUT_UNITS_MAX + OUTPUT_END_UNITS + 200);
    expect(failure()).toBeNull();
  });

  test("[ENV7] shows no part of a credential where what is shown ends and begins again", async () => {
    const secret = "example-secret-at-the-border";
    const filler = (units: number) => `head -c ${units} /dev/zero | tr '\\0' x; `;
    await setUp(`${filler(OUTPUT_UNITS_MAX - 10)}printf '${secret}'; ${filler(50_000)}printf '${secret}'; ${filler(OUTPUT_END_UNITS - 10)}`, { secrets: { DEPLOY: secret } });
    const text = printed();
    expect(text.slice(OUTPUT_UNITS_MAX - 12, OUTPUT_UNITS_MAX)).toBe(`xx${"•".repeat(10)}`);
    expect(text.slice(-OUTPUT_END_UNITS)).toBe(`${"•".repeat(10)}${"x".repeat(OUTPUT_END_UNITS - 10)}`);
  });

  test("[ENV8] that removes everything around it breaks nothing", async () => {
    writeFileSync(join(folder, "work", "file"), "");
    await setUp(`rm -rf ${join(folder, "state")} ${join(folder, "work", "file")}; exit 4`);
    expect(failure()).toMatchObject({ code: "setup-failed", message: expect.stringContaining("code 4") as string });
  });
});
