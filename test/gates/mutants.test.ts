/**
 * A gate that never fails guards nothing. Each is run on a sound little tree, where it finds nothing, and on the same tree
 * with the broken files of `mutants/<gate>/` laid over it, where it has to say what is broken in its own words.
 */
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { GATES } from "./all.ts";
import { read } from "./lib/files.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TIMEOUT_MS = 120_000;

const MESSAGES: Readonly<Record<string, readonly string[]>> = {
  bundles: [
    "port door: adapter glass has no file src/adapters/door/glass.ts",
    "port door: adapter glass has no contract test (src/adapters/door/glass.contract.test.ts)",
    "port window: src/ports/window/SPEC.md is missing, which a planned port has",
    "port window: src/ports/window/window.port.ts is code of a port that is only planned",
    "src/ports/chimney is not in the registry",
    "0 ports are complete, and 1 were: a bundle lost a part, or the registry a row",
  ],
  "security-doc": [
    "docs/SECURITY.md names no test for ASI03",
    "docs/SECURITY.md says of ASI05 that src/ports/door/door.contract.ts shows DOR77, which it does not cite",
    "docs/SECURITY.md says of ASI07 that src/app/gone.test.ts shows DOR1, which it does not cite",
  ],
  rules: [
    "rule DOR3 of src/ports/door/SPEC.md is cited by no test",
    "src/app/enter.test.ts cites DOR9, which no SPEC.md states",
    'src/adapters/door/wood.contract.test.ts: "a door of wood is heavy" is in a contract and cites no rule',
  ],
  faults: [
    "catalog door: conflict is called not applicable without a reason",
    "catalog door: quota, one of the common ten, is neither covered nor called not applicable",
    "catalog door: slow-success is covered and called not applicable",
    "fault door:open:stuck is proved in the app and still deferred",
    "fault door:open:slow is called not injectable for wood without reason and why",
    "fault door:open:slow is proved by no test of the app (test/disruption, test/system, src/app), and not deferred",
    "fault door:open:jammed is deferred without a reason, or without saying until when",
    "fault door:open:jammed is proved by no contract test of fake, and not called not injectable there",
    "fault door:open:jammed is proved by no contract test of wood, and not called not injectable there",
    "fault door:open:wet calls steel not injectable, which is no implementation of its port",
    "fault door:open:wet is proved for fake and still called not injectable there",
    "fault gate:open:wide is not named door:operation:what-happened",
    "src/app/enter.test.ts cites door:open:gone, which no catalog has",
  ],
  boundaries: [
    "core-is-pure: src/core/kernel/knows-port.ts → src/ports/door/door.port.ts",
    "ports-know-core-only: src/ports/door/door.fake.ts → src/app/enter.ts",
    "contracts-know-ports-and-kit: src/ports/door/door.contract.ts → src/adapters/door/wood.ts",
    "adapters-one-way: src/adapters/door/wood.ts → src/app/enter.ts",
    "app-through-ports: src/app/knows-adapter.ts → src/adapters/door/wood.ts",
    "compose-is-the-root: src/app/knows-compose.ts → src/compose/version.ts",
    "drizzle-stays-home: src/app/knows-drizzle.ts → ",
    "no-test-kit-in-production: src/app/knows-contract.ts → src/ports/door/door.contract.ts",
    "entry-reaches-no-test: src/worker.ts → src/ports/door/door.contract.ts",
    "routes-thin: routes/knows-adapter.ts → src/adapters/door/wood.ts",
    "shell-thin: src/session/knows-adapter.ts → src/adapters/door/wood.ts",
    "web-through-sdk: packages/chat/src/knows-core.ts → src/core/kernel/door-state.ts",
    "sdk-knows-protocol: packages/sdk/src/knows-core.ts → src/core/kernel/door-state.ts",
    "protocol-knows-nobody: packages/protocol/src/knows-core.ts → src/core/kernel/door-state.ts",
    "sandbox-side-knows-no-app: packages/sandbox-host/src/knows-app.ts → src/app/enter.ts",
    "no-cycles: src/app/cycle-a.ts → ",
    "no-unresolvable: src/worker.ts → ./app/not-there.ts",
    "no-orphans: nobody imports src/app/orphan.ts",
  ],
  purity: ["Date.now", "new Date() without an argument", "Date()", "performance", "Math.random", "crypto", "a timer", "fetch", "process", "globalThis", "console"].map(
    (what) => `src/core/kernel/impure.ts uses ${what}; take it as an argument`,
  ),
  environment: [
    "src/app/reads-process.ts reads the environment; only src/compose and the launcher do",
    "routes/reads-binding.ts reads the environment; only src/compose and the launcher do",
  ],
  size: [
    "src/app/long.ts has 501 lines, over 500; split it",
    "src/app/grown.ts grew to 520 lines over the 510 of test/gates/ratchet.json; split it",
    "src/app/shrunk.ts is down to 600 lines; lower its entry in test/gates/ratchet.json",
    "src/app/enter.ts is down to 4 lines; remove its entry from test/gates/ratchet.json",
    "test/gates/ratchet.json lists src/app/gone.ts, which is gone; remove its entry",
    "src/session/stout-shell.ts is a shell of 201 lines; 200 hold all that a shell may do",
    "the median file has 130 lines, over 120",
  ],
  map: [
    "CODEBASE_MAP.md leads to src/ports/door/torn-down.ts, which does not exist",
    "CODEBASE_MAP.md does not mention src/session/",
    "CODEBASE_MAP.md does not mention src/adapters/door/",
    "CODEBASE_MAP.md does not mention packages/chat/",
  ],
  "env-example": [
    ".dev.vars.example does not name OPERATOR_TOKEN, which src/compose/env.ts has",
    ".dev.vars.example names OLD_NAME, which src/compose/env.ts does not have",
    ".dev.vars.example says nothing of PUBLIC_URL; write a comment above it",
    ".dev.vars.example gives PUBLIC_URL a value that its schema refuses: ",
  ],
  policies: [
    "ALL /back-door is mounted past route(), so no policy guards it",
    "GET /side-door is mounted past route(), so no policy guards it",
    'GET /health is mounted with {"policy":"principal","scope":null}, and routes/policies.ts says {"policy":"public","scope":null}',
    "POST /v1/windows is mounted and has no row in routes/policies.ts",
    "routes/policies.ts has a row for POST /v1/doors, which is not mounted",
    'the socket takes "knock", and SOCKET_POLICIES says nothing of it',
    'SOCKET_POLICIES speaks of "kick", which the socket does not take',
  ],
  audit: [
    "POST /v1/doors changes something, and nobody writes it down",
    "PUT /v1/locks has no principal that route() could write down: its handler must, or it says why not",
    'PUT /v1/keys is not written down, and "no need" is no reason',
  ],
  tidy: [
    "src/app/untidy.ts has a note to oneself; do it, or open an issue",
    "src/app/untidy.ts switches the compiler off",
    "src/app/untidy.ts uses `any`",
    "src/app/untidy.ts names a path of one machine",
    "src/app/untidy.test.ts leaves a test out, or all others",
    "package-lock.json names the registry it was made from; install with `omit-lockfile-registry-resolved`",
    "package.json takes zod as ^4.6.7; pin one version",
  ],
  version: [
    "src/compose/version.ts says 1.0.0, and package.json 1.1.0",
    "packages/protocol/package.json says 1.0.0, and package.json 1.1.0",
  ],
};

/** Too long to keep: files of as many lines, written when the tree is laid out. */
const LONG_FILES: Readonly<Record<string, readonly (readonly [path: string, lines: number])[]>> = {
  size: [
    ["src/app/long.ts", 501],
    ["src/app/grown.ts", 520],
    ["src/app/shrunk.ts", 600],
    ["src/session/stout-shell.ts", 201],
    ...Array.from({ length: 40 }, (_, i) => [`src/app/middling-${i}.ts`, 130] as const),
  ],
};

function layOut(...overlays: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), "berth-gate-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const overlay of ["good", ...overlays]) {
    cpSync(join(HERE, "mutants", overlay), root, { recursive: true });
    for (const [path, lines] of LONG_FILES[overlay] ?? []) writeFileSync(join(root, path), "export {};\n".repeat(lines));
  }
  symlinkSync(join(HERE, "../../node_modules"), join(root, "node_modules"));
  return root;
}

test("[GATE-boundaries] has a mutant for each of its rules", () => {
  const rules = read(join(HERE, "../.."), ".dependency-cruiser.mjs");
  const names = [...rules.matchAll(/(?:forbid\(|name: )"([a-z-]+)"/g)].map(([, name]) => name ?? "");
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !MESSAGES["boundaries"]?.some((message) => message.startsWith(`${name}: `)))).toEqual([]);
});

for (const [name, { gate }] of Object.entries(GATES)) {
  test(`[GATE-${name}] finds nothing in a sound tree`, { timeout: TIMEOUT_MS }, async () => {
    expect(await gate(layOut())).toEqual([]);
  });

  test(`[GATE-${name}] says what is broken in its mutant`, { timeout: TIMEOUT_MS }, async () => {
    expect(existsSync(join(HERE, "mutants", name)), `test/gates/mutants/${name} is the broken tree of this gate`).toBe(true);
    const problems = await gate(layOut(name));
    const expected = MESSAGES[name] ?? [];
    expect(expected.length).toBeGreaterThan(0);
    expect(expected.filter((message) => !problems.some((problem) => problem.startsWith(message)))).toEqual([]);
  });
}
