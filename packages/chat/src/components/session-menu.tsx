/** Less frequent actions on a session. */
import { useEffect, useRef, useState } from "react";
import type { SessionStatus } from "@berth/sdk";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { navigate } from "../lib/router.ts";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { useGuest } from "../lib/guest-context.ts";
import { useShared } from "../lib/workspace-context.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { ShareDialog } from "./organization/share-dialog.tsx";
import { SessionPolicy } from "./session-policy.tsx";
import css from "./session-menu.module.css";

export interface SessionMenuProps {
  readonly store: SessionStore;
  readonly title: string;
  readonly status: SessionStatus;
  /** Shows what the session changed. */
  readonly onCompare: () => void;
  /** Null when the session has no folder to apply to. */
  readonly onApply: (() => void) | null;
}

export function SessionMenu({ store, title, status, onCompare, onApply }: SessionMenuProps) {
  const [error, setError] = useState<ErrorMessage | null>(null);
  const act = (done: () => Promise<unknown>) => (): void => {
    done().then(
      () => setError(null),
      (failure: unknown) => setError(store.refusal(failure)),
    );
  };
  const [open, setOpen] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const [sharing, setSharing] = useState(false);
  const { mayWork, mayManage } = useRights();
  // The address alone opens nothing for whoever came by a link.
  const isGuest = useGuest() !== null;
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const onPress = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") setOpen(false);
    };
    addEventListener("pointerdown", onPress);
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("pointerdown", onPress);
      removeEventListener("keydown", onKey);
    };
  }, [open]);
  if (isGuest && !mayWork) return null;
  const choose = (action: () => void) => () => {
    setOpen(false);
    action();
  };
  return (
    <div ref={root} className={css.root}>
      <IconButton icon="more" label="More actions" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)} />
      {open ? (
        <div role="menu" className={css.menu}>
          <button type="button" role="menuitem" onClick={choose(onCompare)}>
            <Icon name="file" size={16} /> Changes
          </button>
          {onApply ? (
            <button type="button" role="menuitem" onClick={choose(onApply)}>
              <Icon name="branch" size={16} /> Apply to branch…
            </button>
          ) : null}
          {status === "idle" && mayWork ? (
            <button type="button" role="menuitem" onClick={choose(act(() => store.session.hibernate()))}>
              <Icon name="moon" size={16} /> Put to sleep
            </button>
          ) : null}
          {status === "hibernated" && mayWork ? (
            <button type="button" role="menuitem" onClick={choose(act(() => store.session.resume()))}>
              <Icon name="spark" size={16} /> Wake
            </button>
          ) : null}
          {isGuest ? null : (
            <button type="button" role="menuitem" onClick={choose(() => void navigator.clipboard.writeText(location.href))}>
              <Icon name="copy" size={16} /> Copy address
            </button>
          )}
          {mayManage ? (
            <button type="button" role="menuitem" onClick={choose(() => setSharing(true))}>
              <Icon name="people" size={16} /> Share…
            </button>
          ) : null}
          {mayWork ? <SessionPolicy store={store} /> : null}
          {mayManage ? (
            <button type="button" role="menuitem" className={css.danger} onClick={choose(() => setDeleting(true))}>
              <Icon name="trash" size={16} /> Delete session…
            </button>
          ) : null}
        </div>
      ) : null}
      {error ? (
        <Dialog title="That did not work" onClose={() => setError(null)}>
          <ErrorNotice error={error} />
        </Dialog>
      ) : null}
      {sharing ? <ShareDialog session={store.session} onClose={() => setSharing(false)} /> : null}
      {deleting ? <DeleteDialog store={store} title={title} onClose={() => setDeleting(false)} /> : null}
    </div>
  );
}

function DeleteDialog({ store, title, onClose }: { readonly store: SessionStore; readonly title: string; readonly onClose: () => void }) {
  const { sessions } = useShared();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const remove = async (): Promise<void> => {
    setBusy(true);
    try {
      await store.session.remove();
      navigate({ view: "new" });
      await sessions.reload();
    } catch (failure) {
      setError(toMessage(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Delete this session?" onClose={onClose}>
      <p>“{title}” and its sandbox are removed, with work that was not applied to a branch. Its runs stay in the history.</p>
      {error ? <ErrorNotice error={error} /> : null}
      <DialogActions>
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" busy={busy} onClick={() => void remove()}>
          Delete
        </Button>
      </DialogActions>
    </Dialog>
  );
}
