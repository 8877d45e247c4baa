/** The real OpenCode as suites run it: folders of its own per test, any model server behind it, and nothing left behind. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { FileLog } from "../../../packages/sandbox-runtime/src/append-log.ts";
import type { AgentConfig, CodingAgent } from "../../ports/agent/agent.port.ts";
import { createAcpAgent, type AcpDeps } from "./acp.ts";
import { openCodeProgram } from "./acp-opencode.ts";
import { createOpenCodeAgent } from "./opencode.ts";
import type { OpenCodeDeps } from "./opencode-launch.ts";

export const OPENCODE = resolve("node_modules/.bin/opencode");
export const TOKEN = "berth_sbx_example_token_of_a_test";
/** For one test that starts OpenCode. */
export const OPENCODE_TEST_MS = 120_000;
const START_MS = 50_000;

export class OpenCodeStage {
  readonly folder = mkdtempSync(join(tmpdir(), "berth-opencode-"));
  readonly work = join(this.folder, "work");
  readonly home = join(this.folder, "home");
  readonly #ends: (() => Promise<void> | void)[] = [() => rmSync(this.folder, { recursive: true, force: true })];

  constructor() {
    mkdirSync(this.work);
  }

  /** Called before what was asked for earlier. */
  atEnd(end: () => Promise<void> | void): void {
    this.#ends.push(end);
  }

  /** @param lines of a shell script that ends in OpenCode */
  program(lines: readonly string[]): string {
    const path = join(this.folder, "opencode");
    writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
    return path;
  }

  /** Each one has the same files. @param part may hold getters, which are asked each time */
  agent(part: Partial<OpenCodeDeps> = {}): CodingAgent {
    const deps: OpenCodeDeps = { ...this.#deps(OPENCODE), now: () => Date.now(), startTimeoutMs: START_MS };
    return this.#ofThis(createOpenCodeAgent(Object.defineProperties(deps, Object.getOwnPropertyDescriptors(part))));
  }

  /** OpenCode over the Agent Client Protocol, with the same files. @param part may hold getters, which are asked each time */
  acpAgent(part: Partial<AcpDeps> & { readonly executable?: string } = {}): CodingAgent {
    const { log, ...program } = this.#deps(part.executable ?? OPENCODE);
    const deps: AcpDeps = { program: openCodeProgram(program), log, startTimeoutMs: START_MS };
    return this.#ofThis(createAcpAgent(Object.defineProperties(deps, Object.getOwnPropertyDescriptors(part))));
  }

  /** The model is `demo/demo`. @param baseUrl of an OpenAI-compatible server */
  config(baseUrl: string, permissions: AgentConfig["permissions"] = { "*": "allow" }): AgentConfig {
    const models = [{ id: "demo", name: "Demo", contextTokens: 200_000 }];
    return { providers: [{ id: "demo", kind: "openai-compatible", baseUrl, models }], permissions, workFolder: this.work, brokerToken: TOKEN };
  }

  #deps(executable: string) {
    const log = new FileLog(join(this.folder, "state", "agent.jsonl"));
    this.atEnd(() => log.close());
    return {
      executable,
      home: this.home,
      tokenFile: join(this.folder, "state", "token"),
      log,
      environment: { PATH: process.env["PATH"] ?? "" },
      randomBytes: (length: number) => randomBytes(length),
    };
  }

  #ofThis(agent: CodingAgent): CodingAgent {
    this.atEnd(() => agent.close());
    return agent;
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end();
  }
}

/** A new one for each test of the suite. */
export function stageOfEachTest(): () => OpenCodeStage {
  let stage: OpenCodeStage | null = null;
  beforeEach(() => {
    stage = new OpenCodeStage();
  });
  afterEach(() => stage?.end());
  return () => {
    if (!stage) throw new Error("only inside of a test");
    return stage;
  };
}
