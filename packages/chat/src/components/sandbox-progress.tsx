/** What stands between a message and its answer: the sandbox and the work folder being made ready, or not to be had. */
import { useState } from "react";
import type { Transcript } from "@berth/sdk";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { FailureNotice } from "./failure-notice.tsx";
import css from "./sandbox-progress.module.css";

export function SandboxProgress({ store, transcript }: { readonly store: SessionStore; readonly transcript: Transcript }) {
  const { status, failure, workspaceStatus } = transcript;
  if (status === "failed") {
    return <FailureNotice failure={failure} fallback="The session could not be started." action={<ResumeButton store={store}>Start again</ResumeButton>} />;
  }
  if (workspaceStatus?.phase === "failed") {
    return <FailureNotice failure={workspaceStatus.failure} fallback="The work folder could not be made ready." />;
  }
  if (status === "starting") return <Step>{startingText(transcript)}</Step>;
  if (workspaceStatus?.phase === "preparing") return <Step>Copying the repository…</Step>;
  return null;
}

function startingText({ sandbox }: Transcript): string {
  switch (sandbox?.phase) {
    case "linked":
      return "Starting the agent…";
    case "accepted":
      return "Booting the sandbox…";
    default:
      return "Getting a sandbox…";
  }
}

function Step({ children }: { readonly children: string }) {
  return (
    <p className={css.step} role="status">
      <Spinner /> {children}
    </p>
  );
}

function ResumeButton({ store, children }: { readonly store: SessionStore; readonly children: string }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const resume = async (): Promise<void> => {
    setBusy(true);
    await store.session.resume().then(
      () => setError(null),
      (failure: unknown) => setError(toMessage(failure)),
    );
    setBusy(false);
  };
  return (
    <>
      {error ? <ErrorNotice error={error} /> : null}
      <Button size="s" icon="retry" busy={busy} onClick={() => void resume()}>
        {children}
      </Button>
    </>
  );
}
