/** The conversation. Stays at its end while one reads there, and leaves one alone further up. */
import { queuedTurns } from "@berth/sdk";
import type { SessionStore, SessionView } from "../lib/session-store.ts";
import { useStickToEnd } from "../lib/use-stick-to-end.ts";
import { Icon } from "../ui/icon.tsx";
import { Notice } from "../ui/notice.tsx";
import { EmptyState } from "./empty-state.tsx";
import { PendingView } from "./pending-view.tsx";
import { SandboxProgress } from "./sandbox-progress.tsx";
import { SetupStep } from "./setup-step.tsx";
import { TurnView } from "./turn-view.tsx";
import css from "./transcript-view.module.css";

export function TranscriptView({ store, view }: { readonly store: SessionStore; readonly view: SessionView }) {
  const { transcript, pending } = view;
  const waiting = new Set(queuedTurns(transcript).map(({ messageId }) => messageId));
  const turns = transcript.turns.filter(({ status, items }) => status !== "cancelled" || items.length > 0);
  // The first message is shown at once; those behind it wait in the dock.
  const shown = turns.filter((turn, at) => !waiting.has(turn.messageId) || at === 0);
  const { scroller, atEnd, toEnd } = useStickToEnd(pending.length + shown.length);
  const isEmpty = shown.length === 0 && pending.length === 0;
  return (
    <div className={css.frame}>
      <div ref={scroller} className={css.scroller} data-testid="transcript" role="log" aria-label="Conversation" aria-live="off" tabIndex={0}>
        <div className={css.column}>
          {view.truncated ? <Notice tone="info">The beginning of this session is archived and not shown here.</Notice> : null}
          {isEmpty && transcript.status === "idle" ? <EmptyState icon="spark" title="Ready when you are">Say what to work on. The agent reads, edits and runs commands in its own sandbox.</EmptyState> : null}
          <SetupStep transcript={transcript} />
          {shown.map((turn) => (
            <TurnView key={turn.messageId} store={store} turn={turn} sessionStatus={transcript.status} />
          ))}
          {pending.map((message) => (
            <PendingView key={message.key} message={message} onRetry={() => store.retry(message.key)} onDiscard={() => store.discard(message.key)} />
          ))}
          <SandboxProgress store={store} transcript={transcript} />
        </div>
      </div>
      {atEnd ? null : (
        <button type="button" className={css.toEnd} onClick={toEnd}>
          <Icon name="down" size={15} /> Latest
        </button>
      )}
    </div>
  );
}
