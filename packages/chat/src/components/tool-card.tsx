/** A tool call: what it did to what, how it stands, and what it said. */
import { useState } from "react";
import type { ToolState } from "@berth/sdk";
import type { SessionStore } from "../lib/session-store.ts";
import { commandOf, summarize } from "../lib/tools.ts";
import type { IconName } from "../ui/icon.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Done, Failed, StepCard } from "./step-card.tsx";
import { ToolBody } from "./tool-body.tsx";
import css from "./step-card.module.css";

const ICONS: Readonly<Record<string, IconName>> = {
  bash: "terminal",
  read: "file",
  write: "pencil",
  edit: "pencil",
  grep: "search",
  glob: "search",
  webfetch: "globe",
  todowrite: "list",
};
/** Output up to this many lines is shown without being asked for. */
const SHORT_LINES = 6;

/** How a turn ended that ended in the middle of a call. */
export type Cut = "Stopped" | "Cut off";

export interface ToolCardProps {
  readonly store: SessionStore;
  readonly tool: ToolState;
  /** What the tool printed so far. */
  readonly output: string;
  readonly running: boolean;
  readonly cut: Cut | null;
}

export function ToolCard({ store, tool, output, running, cut }: ToolCardProps) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const { verb, target } = summarize(cut ? { ...tool, status: "running" } : tool);
  const failed = tool.status === "failed";
  const unfinished = tool.status === "running" && !running;
  const isShort = commandOf(tool) !== undefined && output !== "" && output.trimEnd().split("\n").length <= SHORT_LINES;
  const open = chosen ?? ((failed && cut === null) || isShort || (running && output !== ""));
  return (
    <StepCard
      icon={ICONS[tool.name] ?? "spark"}
      verb={verb}
      target={
        <code className={css.target} title={target}>
          {target.split("\n")[0]}
        </code>
      }
      status={running ? <Spinner /> : cut ? <Failed text={cut} /> : failed ? <Failed text="Failed" /> : tool.exitCode ? <Failed text={`Exit code ${tool.exitCode}`} /> : unfinished ? <Failed text="Cut off" /> : <Done />}
      open={open}
      onToggle={() => setChosen(!open)}
      attributes={{ "data-tool": tool.name, "data-status": tool.status }}
    >
      <ToolBody store={store} tool={tool} output={output} running={running} />
    </StepCard>
  );
}
