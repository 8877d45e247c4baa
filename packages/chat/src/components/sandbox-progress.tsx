/** What stands between a message and its answer: the sandbox and the work folder being made ready, or not to be had. */
import type { Transcript } from "@berth/sdk";
import type { SessionStore } from "../lib/session-store.ts";
import { Icon } from "../ui/icon.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { ActButton } from "./act-button.tsx";
import { FailureNotice } from "./failure-notice.tsx";
import { InterruptedCard } from "./interrupted-card.tsx";
import css from "./sandbox-progress.module.css";

export function SandboxProgress({ store, transcript }: { readonly store: SessionStore; readonly transcript: Transcript }) {
  const { status, failure, workspaceStatus, waitingFor } = transcript;
  if (status === "failed") {
    const again = (
      <ActButton icon="retry" act={() => store.session.resume()}>
        Start again
      </ActButton>
    );
    return <FailureNotice failure={failure} fallback="The session could not be started." action={again} />;
  }
  if (waitingFor === "interrupted") return <InterruptedCard store={store} />;
  if (status === "hibernated") return <Asleep />;
  if (workspaceStatus?.phase === "failed") {
    return <FailureNotice failure={workspaceStatus.failure} fallback="The work folder could not be made ready." />;
  }
  if (status === "starting") return <Starting transcript={transcript} />;
  if (workspaceStatus?.phase === "preparing") return <Step>Copying the repository…</Step>;
  return null;
}

function Asleep() {
  return (
    <p className={css.step} role="status">
      <Icon name="moon" size={16} /> Asleep. Your work is saved; a message wakes it.
    </p>
  );
}

function Starting({ transcript }: { readonly transcript: Transcript }) {
  const insteadOf = transcript.sandbox?.insteadOf;
  return (
    <>
      {insteadOf ? (
        <Notice tone="info">
          {insteadOf.backend} could not start a sandbox, so {transcript.sandbox?.backend} does. {insteadOf.failure.message}
        </Notice>
      ) : null}
      <Step>{startingText(transcript)}</Step>
    </>
  );
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
