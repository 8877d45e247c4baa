/** How the session's sandbox is kept: what is declared beside what the parts that enforce it said, with any difference in words. */
import { useState } from "react";
import type { PolicyFact, SandboxPolicy, Transcript } from "@berth/sdk";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { useLoad } from "../lib/use-load.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { ErrorNotice, Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { ActButton } from "./act-button.tsx";
import css from "./policy-panel.module.css";

const NAMES: Readonly<Record<PolicyFact["name"], string>> = {
  isolation: "Isolation",
  egress: "Network",
  mounts: "Folders",
  capabilities: "Rights",
  secrets: "Readable secrets",
  tokenScopes: "The sandbox's token",
  branchPrefix: "Pushes",
  caps: "Spending caps",
};

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
      {error ? <ErrorNotice error={error} /> : data ? <Facts policy={data} /> : <Spinner size={20} />}
      <DialogActions>
        <Button onClick={() => void reload()}>Refresh</Button>
        {mayWork ? <ActButton act={() => store.session.measurePolicy().then(reload)}>Measure again</ActButton> : null}
      </DialogActions>
    </Dialog>
  );
}

function Facts({ policy }: { readonly policy: SandboxPolicy }) {
  const { facts, measuring, verdict } = policy;
  return (
    <>
      {measuring ? <Notice tone="info">It is being measured now. Refresh in a few seconds.</Notice> : null}
      {verdict === "mismatch" ? <Notice tone="bad">The sandbox is not kept as declared.</Notice> : null}
      {facts.length === 0 && !measuring ? <p>Nothing was measured yet: there is no sandbox, or it is still starting.</p> : null}
      <ul className={css.list}>
        {facts.map((fact) => (
          <li key={`${fact.name} ${fact.by}`}>
            <div className={css.head}>
              {NAMES[fact.name]} <Badge tone={fact.verdict === "match" ? "plain" : "warn"}>{fact.verdict === "match" ? "as declared" : fact.verdict === "mismatch" ? "mismatch" : "not measured"}</Badge>
            </div>
            <p className={css.facts}>
              Declared: {fact.declared}
              <br />
              Measured by {fact.by}: {fact.measured}
            </p>
            {fact.differences.length > 0 ? (
              <ul className={css.differences}>
                {fact.differences.map((text) => (
                  <li key={text}>{text}</li>
                ))}
              </ul>
            ) : null}
          </li>
        ))}
      </ul>
    </>
  );
}
