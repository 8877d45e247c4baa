import { LIMITS, type NewEvent, type ToolState } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { cutBigOutputs } from "./big-output.ts";

const ended = (output: string): NewEvent => ({
  type: "part.ended",
  data: { part: { id: "p", kind: "tool", tool: { name: "bash", callId: "c", status: "completed", output } } },
  runId: "run_1",
});
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

function cut(output: string): { readonly tool: ToolState | undefined; readonly stored: readonly string[] } {
  const { events, outputs } = cutBigOutputs([ended(output)], () => "out_1", (name) => `/outputs/${name}`);
  const [event] = events;
  return { tool: event?.type === "part.ended" ? event.data.part.tool : undefined, stored: outputs.map(({ text }) => text) };
}

verifies("LNK16", "what fits an event is left as it is, to the byte", () => {
  for (const events of [[ended("x".repeat(LIMITS.outputInlineBytesMax))], [ended("é".repeat(LIMITS.outputInlineBytesMax / 2))], []]) {
    expect(cutBigOutputs(events, () => "out_1", String)).toEqual({ events, outputs: [] });
  }
});

verifies("LNK16", "what does not fit keeps head, tail and address, whole characters of any width", () => {
  for (const char of ["x", "é", "日", "🚢"]) {
    for (const shift of ["", "a", "ab", "abc"]) {
      const output = `${shift}first ${char.repeat(70_000)} last`;
      const { tool, stored } = cut(output);
      expect(stored).toEqual([output]);
      expect(tool?.outputRef).toEqual({ name: "out_1", address: "/outputs/out_1", bytes: bytesOf(output) });
      expect(tool?.truncated).toBeUndefined();
      const [head = "", left = "", tail = ""] = /^([^]*)\n… (\d+) bytes are left out here …\n([^]*)$/.exec(tool?.output ?? "")?.slice(1) ?? [];
      expect([output.startsWith(head), output.endsWith(tail), bytesOf(head) + bytesOf(tail) + Number(left)]).toEqual([true, true, bytesOf(output)]);
      expect(bytesOf(tool?.output ?? "")).toBeLessThanOrEqual(LIMITS.outputInlineBytesMax);
      expect(bytesOf(tool?.output ?? "")).toBeGreaterThan(LIMITS.outputInlineBytesMax - 200);
    }
  }
});

verifies("LNK16", "what is over the size that is kept at all says so, and names nothing", () => {
  const { tool, stored } = cut("x".repeat(LIMITS.outputBytesMax + 1));
  expect([tool?.truncated, tool?.outputRef, stored]).toEqual([true, undefined, []]);
});

verifies("LNK16", "each output has a name of its own, and other events are not touched", () => {
  const other: NewEvent = { type: "part.ended", data: { part: { id: "t", kind: "text", text: "y".repeat(100_000) } } };
  let count = 0;
  const { events, outputs } = cutBigOutputs([ended("x".repeat(70_000)), other, ended("z".repeat(70_000))], () => `out_${++count}`, String);
  expect([outputs.map(({ name }) => name), events[1]]).toEqual([["out_1", "out_2"], other]);
});
