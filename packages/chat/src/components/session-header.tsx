/** Title, status and facts of a session, and what can be done with it as a whole. */
import { useState } from "react";
import type { Transcript } from "@berth/sdk";
import type { SessionStore } from "../lib/session-store.ts";
import { isDemo, useShared } from "../lib/workspace-context.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { ApplyDialog } from "./apply-dialog.tsx";
import { SessionMenu } from "./session-menu.tsx";
import { SessionTitle } from "./session-title.tsx";
import { StatusPill } from "./status.tsx";
import { TopBar } from "./top-bar.tsx";
import css from "./session-header.module.css";

export function SessionHeader({ store, transcript }: { readonly store: SessionStore; readonly transcript: Transcript }) {
  const [applying, setApplying] = useState(false);
  const { workspace } = transcript;
  const folder = workspace?.kind === "folder" ? workspace.path : null;
  return (
    <>
      <TopBar>
        <div className={css.main}>
          <SessionTitle store={store} title={transcript.title} />
          <div className={css.facts}>
            <StatusPill status={transcript.status} waitingFor={transcript.waitingFor} />
            <ModelBadge model={transcript.model} />
            <IsolationBadge isolation={transcript.sandbox?.isolation} />
          </div>
        </div>
        {folder ? (
          <span className={css.apply}>
            <Button size="s" icon="branch" onClick={() => setApplying(true)}>
              Apply to branch…
            </Button>
          </span>
        ) : null}
        <SessionMenu store={store} title={transcript.title} status={transcript.status} onApply={folder ? () => setApplying(true) : null} />
      </TopBar>
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

function IsolationBadge({ isolation }: { readonly isolation: string | undefined }) {
  if (!isolation || isolation === "memory") return null;
  if (isolation !== "none") {
    return (
      <Badge icon="shield" title={`The agent's commands run inside ${isolation}`}>
        {isolation}
      </Badge>
    );
  }
  return (
    <Badge tone="warn" icon="warn" title="The agent's commands run as you, on this machine: nothing keeps them in their folder.">
      isolation: none
    </Badge>
  );
}
