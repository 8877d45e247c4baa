/** What stands between a message and its answer: the sandbox and the work folder being made ready, or not to be had. */
import type { Transcript } from "@berth/sdk";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { Icon } from "../ui/icon.tsx";
import { InlineCode } from "../ui/inline-code.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { ActButton } from "./act-button.tsx";
import { BudgetCard } from "./budget-card.tsx";
import { FailureNotice } from "./failure-notice.tsx";
import { InterruptedCard } from "./interrupted-card.tsx";
import css from "./sandbox-progress.module.css";

export function SandboxProgress({ store, transcript }: { readonly store: SessionStore; readonly transcript: Transcript }) {
  const { status, failure, workspaceStatus, waitingFor, budget } = transcript;
  const { mayWork } = useRights();
  if (status === "failed") {
    const again = (
      <ActButton icon="retry" act={() => store.session.resume()}>
        Start again
      </ActButton>
    );
    return <FailureNotice failure={failure} fallback="The session could not be started." action={mayWork ? again : null} />;
  }
  if (waitingFor === "interrupted") return <InterruptedCard store={store} />;
  if (waitingFor === "budget" && budget) {
    const isHeld = transcript.turns.some(({ run }) => run !== null && run.end === null);
    return <BudgetCard store={store} reached={budget} isHeld={isHeld} />;
  }
  if (status === "hibernated") return <Asleep wasLost={transcript.sandbox?.phase === "lost"} />;
  if (workspaceStatus?.phase === "failed") {
    return <FailureNotice failure={workspaceStatus.failure} fallback="The work folder could not be made ready." />;
  }
  if (status === "starting") return <Starting transcript={transcript} />;
  if (workspaceStatus?.phase === "preparing") return <Step>Copying the repository…</Step>;
  // A start takes seconds; who looks a moment later, before anything was said, is told too.
  return transcript.turns.length === 0 ? <Instead transcript={transcript} /> : null;
}

function Asleep({ wasLost }: { readonly wasLost: boolean }) {
  return (
    <p className={css.step} role="status">
      <Icon name="moon" size={16} /> {wasLost ? "Asleep: its sandbox ended. A message starts another with what was saved." : "Asleep. Your work is saved; a message wakes it."}
    </p>
  );
}

function Starting({ transcript }: { readonly transcript: Transcript }) {
  return (
    <>
      <Instead transcript={transcript} />
      <Step>{startingText(transcript)}</Step>
    </>
  );
}

/** Another backend than the one that was wanted, and why. */
function Instead({ transcript: { sandbox } }: { readonly transcript: Transcript }) {
  const insteadOf = sandbox?.insteadOf;
  if (!insteadOf) return null;
  return (
    <Notice tone="info">
      {insteadOf.backend} could not start a sandbox, so {sandbox?.backend} does. <InlineCode text={insteadOf.failure.message} /> <InlineCode text={insteadOf.failure.fix} />
    </Notice>
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
