/** What a session changed in its work folder, file by file. */
import { useCallback } from "react";
import type { SessionStatus, WorkDiff } from "@berth/sdk";
import { plural } from "../../lib/format.ts";
import { piecesOf } from "../../lib/patch.ts";
import type { SessionStore } from "../../lib/session-store.ts";
import { isAwake } from "../../lib/shown-status.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { InsideError } from "../inside-error.tsx";
import { SandboxAway } from "../sandbox-away.tsx";
import { ChangedFileCard } from "./changed-file-card.tsx";
import css from "./changes-dialog.module.css";

/** So few are shown opened. */
const OPENED_MAX = 3;

export interface ChangesDialogProps {
  readonly store: SessionStore;
  readonly status: SessionStatus;
  readonly onClose: () => void;
}

export function ChangesDialog({ store, status, onClose }: ChangesDialogProps) {
  return (
    <Dialog title="Changes" wide onClose={onClose}>
      {isAwake(status) ? <WorkChanges store={store} status={status} /> : <SandboxAway store={store} status={status} />}
    </Dialog>
  );
}

function WorkChanges({ store, status }: Omit<ChangesDialogProps, "onClose">) {
  const { data, error, reload } = useLoad(useCallback(() => store.session.diff(), [store]), status);
  return (
    <>
      {error ? <InsideError store={store} error={error} /> : null}
      {data === undefined && !error ? (
        <p className={css.loading}>
          <Spinner /> Looking at the work folder…
        </p>
      ) : null}
      {data ? <Changes {...data} /> : null}
      <div className={css.actions}>
        {data && data.patch !== "" ? <CopyButton text={data.patch} label="Copy as a patch" /> : null}
        <Button size="s" icon="retry" onClick={() => void reload()}>
          Look again
        </Button>
      </div>
    </>
  );
}

function Changes({ files, patch, truncated }: WorkDiff) {
  if (files.length === 0 && !truncated) return <p className={css.none}>Nothing differs from where the work began.</p>;
  const pieces = piecesOf(patch);
  const [added, removed] = [files.reduce((sum, file) => sum + (file.added ?? 0), 0), files.reduce((sum, file) => sum + (file.removed ?? 0), 0)];
  return (
    <>
      <p className={css.sum} role="status">
        {plural(files.length, "file")} <span className={css.added}>+{added}</span> <span className={css.removed}>−{removed}</span>
      </p>
      <ul className={css.files} aria-label="Changed files">
        {files.map((file, at) => (
          <ChangedFileCard key={file.path} file={file} piece={pieces[at] ?? ""} isOpenFirst={files.length <= OPENED_MAX} />
        ))}
      </ul>
      {truncated ? <Notice tone="warn">There is more than can be shown here. Ask the agent for the rest, or name what is generated in .gitignore.</Notice> : null}
    </>
  );
}
