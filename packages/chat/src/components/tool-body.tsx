/** The inside of a tool call: the command with its output, the two sides of an edit, or what went in. */
import { useState } from "react";
import type { ToolState } from "@berth/sdk";
import type { SessionStore } from "../lib/session-store.ts";
import { bytes } from "../lib/format.ts";
import { commandOf, editOf, printedBy } from "../lib/tools.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { ActButton } from "./act-button.tsx";
import css from "./tool-body.module.css";

export interface ToolBodyProps {
  readonly store: SessionStore;
  readonly tool: ToolState;
  readonly output: string;
  readonly running: boolean;
}

export function ToolBody({ store, tool, output: inline, running }: ToolBodyProps) {
  const [whole, setWhole] = useState<string | null>(null);
  const command = commandOf(tool);
  const { printed: output, ended } = command === undefined ? { printed: whole ?? inline, ended: null } : printedBy(whole ?? inline);
  const edit = editOf(tool);
  const isOther = command === undefined && edit === null;
  return (
    <div className={css.body}>
      {command === undefined ? null : (
        <pre className={css.command} tabIndex={0}>
          <span aria-hidden="true">$ </span>
          {command}
        </pre>
      )}
      {edit ? <Edit {...edit} /> : null}
      {isOther && tool.input !== undefined ? <pre tabIndex={0}>{JSON.stringify(tool.input, null, 2)}</pre> : null}
      {output !== "" && !edit ? (
        <pre className={css.output} aria-label="Output" tabIndex={0}>
          {output.trimEnd()}
        </pre>
      ) : null}
      {tool.outputRef && whole === null ? <ShowAll store={store} outputRef={tool.outputRef} onLoad={setWhole} /> : null}
      {tool.truncated ? <p className={css.note}>The middle of this output was too large to keep.</p> : null}
      {output === "" && command !== undefined && !tool.error ? <p className={css.note}>{running ? "No output yet" : "No output"}</p> : null}
      {ended === null ? null : <p className={css.note}>{ended}</p>}
      {tool.error ? <pre className={css.error}>{tool.error}</pre> : null}
      {output !== "" && command !== undefined && !running ? (
        <div className={css.copy}>
          <CopyButton text={output} label="Copy output" />
        </div>
      ) : null}
    </div>
  );
}

interface ShowAllProps {
  readonly store: SessionStore;
  readonly outputRef: NonNullable<ToolState["outputRef"]>;
  readonly onLoad: (text: string) => void;
}

function ShowAll({ store, outputRef, onLoad }: ShowAllProps) {
  return (
    <div className={css.all}>
      <ActButton act={() => store.session.output(outputRef).then(onLoad)}>Show all ({bytes(outputRef.bytes)})</ActButton>
    </div>
  );
}

function Edit({ before, after }: { readonly before: string; readonly after: string }) {
  return (
    <div className={css.edit}>
      {before === "" ? null : (
        <pre className={css.removed} aria-label="Removed" tabIndex={0}>
          {marked(before, "- ")}
        </pre>
      )}
      <pre className={css.added} aria-label="Added" tabIndex={0}>
        {marked(after, "+ ")}
      </pre>
    </div>
  );
}

function marked(text: string, mark: string): string {
  return text.replace(/\n$/, "").split("\n").map((line) => mark + line).join("\n");
}
