/** A tool call: what it did to what, how it stands, and what it said. */
import { useId, useState } from "react";
import type { ToolState } from "@berth/sdk";
import type { SessionStore } from "../lib/session-store.ts";
import { commandOf, summarize } from "../lib/tools.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { ToolBody } from "./tool-body.tsx";
import shared from "./disclosure.module.css";
import css from "./tool-card.module.css";

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
  const id = useId();
  const { verb, target } = summarize(cut ? { ...tool, status: "running" } : tool);
  const failed = tool.status === "failed";
  const unfinished = tool.status === "running" && !running;
  const isShort = commandOf(tool) !== undefined && output !== "" && output.trimEnd().split("\n").length <= SHORT_LINES;
  const open = chosen ?? ((failed && cut === null) || isShort || (running && output !== ""));
  return (
    <section className={css.card} data-tool={tool.name} data-status={tool.status}>
      <button type="button" className={`${shared.head} ${css.head}`} aria-expanded={open} aria-controls={id} onClick={() => setChosen(!open)}>
        <span className={css.icon}>
          <Icon name={ICONS[tool.name] ?? "spark"} size={16} />
        </span>
        <span className={css.verb}>{verb}</span>
        <code className={css.target} title={target}>
          {target.split("\n")[0]}
        </code>
        <span className={css.status}>
          {running ? <Spinner /> : cut ? <Failed text={cut} /> : failed ? <Failed text="Failed" /> : unfinished ? <Failed text="Cut off" /> : <Done />}
        </span>
        <span className={shared.chevron}>
          <Icon name="chevron" size={14} />
        </span>
      </button>
      {open ? (
        <div id={id} className={css.body}>
          <ToolBody store={store} tool={tool} output={output} running={running} />
        </div>
      ) : null}
    </section>
  );
}

function Done() {
  return (
    <span className={css.done}>
      <Icon name="check" size={16} />
      <span className="hidden-text">Done</span>
    </span>
  );
}

function Failed({ text }: { readonly text: string }) {
  return <span className={css.failed}>{text}</span>;
}
