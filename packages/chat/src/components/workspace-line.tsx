/** Where the work happens, in one line. */
import type { Transcript } from "@berth/sdk";
import { ago, shortPath } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import { Icon } from "../ui/icon.tsx";
import css from "./workspace-line.module.css";

function Saved({ transcript: { savedAt, saveFailure, restoredAt } }: { readonly transcript: Transcript }) {
  const now = useNow(savedAt === null ? null : 20_000);
  if (saveFailure) {
    return (
      <span className={`${css.fact} ${css.bad}`} role="status" title={[saveFailure.message, saveFailure.fix].filter(Boolean).join(" ")}>
        <Icon name="warn" size={14} /> not saved
      </span>
    );
  }
  if (savedAt === null) return null;
  const restored = restoredAt === null ? "" : ` This sandbox began with what was saved, at ${new Date(restoredAt).toLocaleTimeString()}.`;
  return (
    <span className={css.fact} data-testid="saved" title={`The work and the agent's memory are kept outside the sandbox.${restored}`}>
      <Icon name="check" size={14} /> saved {ago(savedAt, now) === "now" ? "just now" : `${ago(savedAt, now)} ago`}
    </span>
  );
}

export function WorkspaceLine({ transcript }: { readonly transcript: Transcript }) {
  const { workspace, workspaceStatus, sandbox } = transcript;
  if (!workspace) return null;
  const from = [workspaceStatus?.branch, workspaceStatus?.base?.slice(0, 7)].filter(Boolean).join(" @ ");
  return (
    <p className={css.line}>
      {workspace.kind === "folder" ? (
        <>
          <span className={css.fact} title={`${workspace.path}: the agent works on a copy of it`}>
            <Icon name="folder" size={14} /> {shortPath(workspace.path)}
          </span>
          {from ? (
            <span className={css.fact} title="Branch and commit that the work started from">
              <Icon name="branch" size={14} /> {from}
            </span>
          ) : null}
        </>
      ) : (
        <span className={css.fact}>
          <Icon name="folder" size={14} /> Empty workspace
        </span>
      )}
      {sandbox?.backend ? (
        <span className={css.fact} title="Where the agent runs">
          <Icon name="terminal" size={14} /> {sandbox.backend}
        </span>
      ) : null}
      <Saved transcript={transcript} />
      <span className={css.hint}>Enter to send, Shift + Enter for a new line</span>
    </p>
  );
}
