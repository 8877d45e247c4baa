/** Writes the session's work to a branch of the folder it came from. */
import { useState, type FormEvent } from "react";
import type { AppliedWork } from "@berth/sdk";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { plural } from "../lib/format.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import css from "./apply-dialog.module.css";

export interface ApplyDialogProps {
  readonly store: SessionStore;
  readonly title: string;
  readonly folder: string;
  readonly onClose: () => void;
}

export function ApplyDialog({ store, title, folder, onClose }: ApplyDialogProps) {
  const [branch, setBranch] = useState(() => suggestBranch(title));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const [applied, setApplied] = useState<AppliedWork | null>(null);
  const apply = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      setApplied(await store.session.apply({ branch: branch.trim() }));
    } catch (failure) {
      setError(toMessage(failure));
    }
    setBusy(false);
  };
  if (applied) {
    return (
      <Dialog title="Applied" onClose={onClose}>
        <p>
          {plural(applied.filesChanged, "file")} written to <code>{applied.branch}</code> as <code>{applied.commit.slice(0, 7)}</code>. To look at it:
        </p>
        <pre className={css.command}>git -C {folder} switch {applied.branch}</pre>
        <DialogActions>
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title="Apply to a branch" onClose={onClose}>
      <form className={css.form} onSubmit={(event) => void apply(event)}>
        <p>
          The session's work becomes a branch of <code>{folder}</code>. Your checked-out files are not touched.
        </p>
        <Field label="Branch" error={error?.fields["/branch"]}>
          {(control) => <input {...control} required spellCheck={false} value={branch} onChange={(event) => setBranch(event.target.value)} />}
        </Field>
        {error && !error.fields["/branch"] ? <ErrorNotice error={error} /> : null}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={branch.trim() === ""}>
            Apply
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function suggestBranch(title: string): string {
  const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40).replace(/-+$/, "");
  return `berth/${slug || "work"}`;
}
