/** What stays at the bottom: the plan, the queue, the composer, and where the work happens. */
import { queuedTurns } from "@berth/sdk";
import { useRights } from "../lib/session-right.ts";
import { isMissing, useShared } from "../lib/workspace-context.tsx";
import type { SessionStore, SessionView } from "../lib/session-store.ts";
import { Composer } from "./composer.tsx";
import { OwnModelNote } from "./own-model-note.tsx";
import { PlanPanel } from "./plan-panel.tsx";
import { QueueChips } from "./queue-chips.tsx";
import { WatchNote } from "./watch-note.tsx";
import { WorkspaceLine } from "./workspace-line.tsx";
import css from "./dock.module.css";

export function Dock({ store, view }: { readonly store: SessionStore; readonly view: SessionView }) {
  const { transcript } = view;
  const { mayWork } = useRights();
  // The first message of a session stands in the conversation from the start.
  const queued = queuedTurns(transcript).filter((turn) => turn !== transcript.turns[0]);
  const running = transcript.turns.find(({ status }) => status === "running" || status === "dispatched");
  const working = running !== undefined;
  const { models } = useShared();
  const model = running?.model ?? transcript.model;
  const missing = isMissing(models.data, model);
  const stopping = transcript.turns.some(({ run }) => run !== null && run.end === null && run.stopping);
  return (
    <footer className={css.dock}>
      {transcript.todos.length > 0 && working ? <PlanPanel items={transcript.todos} /> : null}
      {queued.length > 0 ? <QueueChips store={store} queued={queued} /> : null}
      {mayWork || transcript.status === "ended" ? null : <WatchNote />}
      {mayWork && missing && model !== null && transcript.status !== "ended" ? <OwnModelNote model={model} working={working} /> : null}
      <Composer store={store} maySteer={!missing} working={working} stopping={stopping} ended={transcript.status === "ended"} />
      <WorkspaceLine transcript={transcript} />
    </footer>
  );
}
