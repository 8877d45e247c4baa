/** Where the work happens, in one line. */
import type { Transcript } from "@berth/sdk";
import { ago, placeOf } from "../lib/format.ts";
import { useRights } from "../lib/session-right.ts";
import { useNow } from "../lib/use-now.ts";
import { Icon } from "../ui/icon.tsx";
import { ACP_LIMITS } from "./agent-picker.tsx";
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
  const { workspace, workspaceStatus, sandbox, environment, agent } = transcript;
  const { mayWork } = useRights();
  const insteadOf = sandbox?.insteadOf;
  if (!workspace) return null;
  const from = [workspaceStatus?.branch, workspaceStatus?.base?.slice(0, 7)].filter(Boolean).join(" @ ");
  return (
    <p className={css.line}>
      {workspace.kind === "folder" || workspace.kind === "repo" ? (
        <>
          <span className={css.fact} title={workspace.kind === "repo" ? `${workspace.url}: the agent works in a clone of it` : `${workspace.path}: the agent works on a copy of it`}>
            <Icon name="folder" size={14} /> <span className={css.words}>{placeOf(workspace)}</span>
          </span>
          {from ? (
            <span className={`${css.fact} ${css.branch}`} title={`Branch and commit that the work started from: ${from}`}>
              <Icon name="branch" size={14} /> <span className={css.words}>{from}</span>
            </span>
          ) : null}
        </>
      ) : (
        <span className={css.fact}>
          <Icon name="folder" size={14} /> Empty workspace
        </span>
      )}
      {sandbox?.backend ? (
        <span className={css.fact} data-testid="backend" title={insteadOf ? [insteadOf.failure.message, insteadOf.failure.fix].filter(Boolean).join(" ") : "Where the agent runs"}>
          <Icon name={sandbox.backend === "process" ? "terminal" : "box"} size={14} /> {sandbox.backend}
          {insteadOf ? ` instead of ${insteadOf.backend}` : ""}
        </span>
      ) : null}
      {agent === "acp" ? (
        <span className={css.fact} data-testid="agent" title={ACP_LIMITS}>
          <Icon name="cpu" size={14} /> OpenCode over ACP
        </span>
      ) : null}
      {environment && environment.phase !== "removed" ? (
        <span className={css.fact} title="The environment that the sandbox began with">
          <Icon name="settings" size={14} /> <span className={css.words}>{environment.name}</span>
        </span>
      ) : null}
      <Saved transcript={transcript} />
      {mayWork ? <span className={css.hint}>Enter to send, Shift + Enter for a new line</span> : null}
    </p>
  );
}
