import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { listeningPorts } from "../../src/ports/listening.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

function row(address: string, port: number, state: string, inode: number): string {
  return `   0: ${address}:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100`;
}

verifies("PRT4", "what this sandbox's own programs listen on for it is listed by number, and nothing of the machine's, the agent's or the runtime's", async () => {
  const proc = await mkdtemp(join(tmpdir(), "berth-proc-"));
  const program = async (pid: number, name: string, inodes: readonly number[]): Promise<void> => {
    await mkdir(join(proc, `${pid}`, "fd"), { recursive: true });
    await writeFile(join(proc, `${pid}`, "cmdline"), `/usr/bin/${name}\0-e\0x`);
    for (const inode of inodes) await symlink(`socket:[${inode}]`, join(proc, `${pid}`, "fd", `${inode}`));
  };
  try {
    await mkdir(join(proc, "net"));
    const v6 = (last: string): string => `000000000000000000000000${last}`;
    await writeFile(join(proc, "net", "tcp"), [HEAD, row("0100007F", 5173, "0A", 11), row("00000000", 80, "0A", 12), row("0A00000A", 3001, "0A", 13), row("0100007F", 3002, "01", 14), row("0100007F", 8787, "0A", 99), row("0100007F", 4096, "0A", 15), row("0100007F", 4097, "0A", 16), ""].join("\n"));
    await writeFile(join(proc, "net", "tcp6"), [HEAD, row(v6("01000000"), 3000, "0A", 21), row(v6("00000000"), 8080, "0A", 22), ""].join("\n"));
    await program(40, "node", [11, 13, 14, 21]);
    await program(41, "python3", [12, 22]);
    await program(42, "opencode.exe", [15]);
    await program(43, "node", [16]);
    expect(await listeningPorts(proc, 43)).toEqual([
      { port: 80, program: "python3" },
      { port: 3000, program: "node" },
      { port: 5173, program: "node" },
      { port: 8080, program: "python3" },
    ]);
    expect(await listeningPorts(join(proc, "none"))).toEqual([]);
  } finally {
    await rm(proc, { recursive: true, force: true });
  }
});
