/** How the session's sandbox is kept: what is declared beside what the parts that enforce it said, with any difference in words. */
import { useState } from "react";
import type { Transcript } from "@berth/sdk";
import { useRights } from "../../lib/session-right.ts";
import type { SessionStore } from "../../lib/session-store.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { ActButton } from "../act-button.tsx";
import { PolicyFacts } from "./policy-facts.tsx";
import css from "./policy-panel.module.css";

interface PolicyProps {
  readonly store: SessionStore;
  readonly transcript: Transcript;
}

/** Beside the session's status; it turns red by itself, since a mismatch is in the log. */
export function PolicyBadge({ store, transcript }: PolicyProps) {
  const [open, setOpen] = useState(false);
  const { sandbox, mismatch } = transcript;
  const { isolation } = sandbox ?? {};
  if (!isolation || isolation === "memory") return null;
  const bare = isolation === "none";
  const label = mismatch.length > 0 ? "not as declared" : bare ? "isolation: none" : isolation;
  const title =
    mismatch[0]?.differences[0] ?? (bare ? "The agent's commands run as you, on this machine: nothing keeps them in their folder." : `The agent's commands run inside ${isolation}. See what was measured.`);
  return (
    <>
      <button type="button" className={css.open} onClick={() => setOpen(true)}>
        {mismatch.length > 0 || bare ? (
          <Badge tone="warn" icon="warn" title={title}>
            {label}
          </Badge>
        ) : (
          <Badge icon="shield" title={title}>
            {label}
          </Badge>
        )}
      </button>
      {open ? <PolicyDialog store={store} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function PolicyDialog({ store, onClose }: { readonly store: SessionStore; readonly onClose: () => void }) {
  const { data, error, reload } = useLoad(() => store.session.policy());
  const { mayWork } = useRights();
  return (
    <Dialog title="How the sandbox is kept" onClose={onClose}>
      {error ? <ErrorNotice error={error} /> : data ? <PolicyFacts policy={data} /> : <Spinner size={20} />}
      <DialogActions>
        <Button onClick={() => void reload()}>Refresh</Button>
        {mayWork ? <ActButton act={() => store.session.measurePolicy().then(reload)}>Measure again</ActButton> : null}
      </DialogActions>
    </Dialog>
  );
}
