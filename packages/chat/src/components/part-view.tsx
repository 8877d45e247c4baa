/** A piece of an answer: text, reasoning, or a tool call. */
import type { PartItem } from "@berth/sdk";
import type { SessionStore } from "../lib/session-store.ts";
import { Markdown } from "./markdown.tsx";
import { Reasoning } from "./reasoning.tsx";
import { ToolCard, type Cut } from "./tool-card.tsx";

export interface PartViewProps {
  readonly store: SessionStore;
  readonly item: PartItem;
  readonly active: boolean;
  /** The turn ended while this was going on. */
  readonly cut: Cut | null;
}

export function PartView({ store, item, active, cut }: PartViewProps) {
  const { kind, tool } = item.part;
  // A part of a turn that is over is not being written any more, whether its end was recorded or not.
  const open = item.open && active;
  if (kind === "tool" && tool) return <ToolCard store={store} tool={tool} output={item.text} running={open} cut={cut} />;
  if (kind === "reasoning") return <Reasoning text={item.text} running={open} />;
  return item.text === "" ? null : <Markdown text={item.text} writing={open} />;
}
