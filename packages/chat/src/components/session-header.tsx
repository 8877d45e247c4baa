/** Title, status and facts of a session, and what can be done with it as a whole. */
import { useState } from "react";
import type { Transcript } from "@berth/sdk";
import { useAccountIfAny } from "../lib/account-context.tsx";
import { may } from "../lib/rights.ts";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { isDemo, useShared } from "../lib/workspace-context.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { ApplyDialog } from "./apply-dialog.tsx";
import { ChangesDialog } from "./changes/changes-dialog.tsx";
import { FilesDialog } from "./files/files-dialog.tsx";
import { PolicyBadge } from "./policy/policy-panel.tsx";
import { PreviewDialog } from "./preview/preview-dialog.tsx";
import { SessionMenu } from "./session-menu.tsx";
import { SessionTitle } from "./session-title.tsx";
import { StatusPill } from "./status.tsx";
import { TopBar } from "./top-bar.tsx";
import css from "./session-header.module.css";

interface HeaderProps {
  readonly store: SessionStore;
  readonly transcript: Transcript;
  readonly terminal: { readonly isOpen: boolean; toggle(): void };
}

export function SessionHeader({ store, transcript, terminal }: HeaderProps) {
  const [applying, setApplying] = useState(false);
  const [comparing, setComparing] = useState(false);
  const [browsing, setBrowsing] = useState(false);
  const [previewing, setPreviewing] = useState(false);
  const { workspace } = transcript;
  const { mayWork } = useRights();
  const account = useAccountIfAny();
  // Folders of the machine are for who administers.
  const mayApply = mayWork && account !== null && may(account.me, "admin");
  const folder = workspace?.kind === "folder" && mayApply ? workspace.path : null;
  return (
    <>
      <TopBar>
        <div className={css.main}>
          <SessionTitle store={store} title={transcript.title} />
          <div className={css.facts}>
            <StatusPill status={transcript.status} waitingFor={transcript.waitingFor} />
            <ModelBadge model={transcript.model} />
            <PolicyBadge store={store} transcript={transcript} />
          </div>
        </div>
        <span className={css.apply}>
          <Button size="s" icon="file" onClick={() => setComparing(true)}>
            Changes
          </Button>
        </span>
        {folder ? (
          <span className={css.apply}>
            <Button size="s" icon="branch" onClick={() => setApplying(true)}>
              Apply to branch…
            </Button>
          </span>
        ) : null}
        {mayWork && transcript.status !== "ended" ? (
          <>
            <IconButton icon="folder" label="Files" onClick={() => setBrowsing(true)} />
            <IconButton icon="globe" label="Preview" onClick={() => setPreviewing(true)} />
            <IconButton icon="terminal" label="Terminal" aria-pressed={terminal.isOpen} onClick={terminal.toggle} />
          </>
        ) : null}
        <SessionMenu store={store} title={transcript.title} status={transcript.status} onCompare={() => setComparing(true)} onApply={folder ? () => setApplying(true) : null} />
      </TopBar>
      {browsing ? <FilesDialog store={store} status={transcript.status} onClose={() => setBrowsing(false)} /> : null}
      {previewing ? <PreviewDialog store={store} status={transcript.status} onClose={() => setPreviewing(false)} /> : null}
      {comparing ? <ChangesDialog store={store} status={transcript.status} onClose={() => setComparing(false)} /> : null}
      {applying && folder ? <ApplyDialog store={store} title={transcript.title} folder={folder} onClose={() => setApplying(false)} /> : null}
    </>
  );
}

function ModelBadge({ model }: { readonly model: string | null }) {
  const { models } = useShared();
  if (!model) return null;
  const name = models.data?.find((candidate) => candidate.id === model)?.name ?? model;
  if (!isDemo(models.data, model)) {
    return (
      <Badge icon="cpu" title={model}>
        {name}
      </Badge>
    );
  }
  return (
    <Badge tone="warn" icon="cpu" title="A stand-in for a model: it does what directives such as !bash say, and nothing else. Add a provider key in Settings for a real one.">
      Demo model<span className={css.more}> – obeys directives, thinks nothing</span>
    </Badge>
  );
}
