/** The same shell in a container, whose one way out is the socket that the tunnel goes by. */
import { createHash } from "node:crypto";
import { suiteNeeds } from "@berth/testkit/needs";
import type { SessionClient } from "@berth/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Shell } from "./support/shell.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

suiteNeeds("docker", "sandbox-image")("shells in containers", () => {
  let stack: TestStack;
  let session: SessionClient;

  beforeAll(async () => {
    stack = await startTestStack({ sandboxBackends: ["docker"] });
    session = await stack.idleSession();
  });

  afterAll(async () => {
    await stack?.end();
  });

  test("[WSP1] a command that is typed runs in the container, not as root, and the shell's end is told", async () => {
    const shell = await new Shell(session).opened();
    shell.terminal.write("echo no$((40+2))nce $(id -u) $(pwd) $(hostname); stty size; env | grep -c OPENCODE_\r");
    await shell.says("no42nce 1000 /workspace berth");
    await shell.says("30 100");
    shell.terminal.write("exit 3\r");
    expect(await shell.over()).toBeNull();
    expect(shell.exit).toBe(3);
  });

  test("[TRM4] what floods the terminal comes whole and in order, at the pace of who reads it", async () => {
    const shell = await new Shell(session).opened();
    shell.terminal.write("seq 1 200000 | md5sum; stty -echo; clear; seq 1 200000; echo e''nd\r");
    await shell.says("end\r\n");
    const [sum] = /[0-9a-f]{32}/.exec(shell.shown) ?? [""];
    const numbers = shell.shown.slice(shell.shown.lastIndexOf("1\r\n2\r\n3\r\n"), shell.shown.lastIndexOf("end\r\n")).replaceAll("\r", "");
    expect(createHash("md5").update(numbers).digest("hex")).toBe(sum);
    shell.terminal.close();
  });
});
