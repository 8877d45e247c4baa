/** Reading a turn: its text and tool parts, in order. */
import type { PartItem, Turn } from "@berth/sdk";

export function partsOf(turn: Turn, kind: "text" | "reasoning" | "tool"): PartItem[] {
  return turn.items.flatMap((item) => (item.kind === "part" && item.part.kind === kind ? [item] : []));
}

export function textOf(turn: Turn): string {
  return partsOf(turn, "text").map(({ text }) => text).join("\n");
}

/** What the turn's tools printed. */
export function outputOf(turn: Turn): string {
  return partsOf(turn, "tool").map(({ part }) => part.tool?.output ?? part.tool?.error ?? "").join("\n");
}
