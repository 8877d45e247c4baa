import { describe, expect, test } from "vitest";
import { mintOpenCodeId, OpenCodeIds } from "./opencode-ids.ts";

function idsOf(lines: string[], times: number[]): OpenCodeIds {
  return new OpenCodeIds({
    log: { lines: [...lines], append: (more) => void lines.push(...more) },
    now: () => times.shift() ?? 0,
    randomBytes: (length) => new Uint8Array(length).fill(61),
  });
}

describe("OpenCode ids", () => {
  test("are of OpenCode's own format", () => {
    // Recorded: OpenCode 1.18.33 minted msg_1fa4732e8001… at this time.
    expect(mintOpenCodeId(1795200332520, 1, new Uint8Array(14))).toBe("msg_1fa4732e800100000000000000");
    expect(mintOpenCodeId(1795200332520, 1, new Uint8Array(14).fill(255))).toMatch(/^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
  });

  test("ascend within a millisecond, when the clock goes back, and after a restart", () => {
    const lines: string[] = [];
    const ids = idsOf(lines, [5_000, 5_000, 4_000]);
    const first = [ids.assign("a"), ids.assign("b"), ids.assign("c")];
    const later = idsOf(lines, [3_000]).assign("d");
    expect([...first, later].toSorted()).toEqual([...first, later]);
    expect(new Set([...first, later]).size).toBe(4);
  });

  test("are on disk with the session, and found again", () => {
    const lines: string[] = [];
    const ids = idsOf(lines, [1_000, 2_000]);
    ids.keepSession("ses_1");
    const id = ids.assign("a");
    const next = ids.assign("b");
    const again = idsOf(lines, []);
    expect([again.session, again.of("a"), again.of("b"), again.of("c")]).toEqual(["ses_1", id, next, null]);
    expect([again.after(id), again.after(next)]).toEqual([next, null]);
  });

  test("tell what began a turn from what steered one", () => {
    const lines: string[] = [];
    const ids = idsOf(lines, [1_000, 2_000, 3_000, 4_000]);
    const prompt = ids.assign("a");
    const steers = [ids.assign("b", "a"), ids.assign("c", "a")];
    const next = ids.assign("d");
    const again = idsOf(lines, [5_000]);
    expect([again.after(prompt), again.turnOf("a"), again.turnOf("c")]).toEqual([next, null, "a"]);
    expect(again.steersOf("a")).toEqual(steers);
    // Refused, it begins a turn of its own.
    const late = again.assign("c");
    expect([again.turnOf("c"), again.after(next), again.steersOf("a")]).toEqual([null, late, steers.slice(0, 1)]);
  });
});
