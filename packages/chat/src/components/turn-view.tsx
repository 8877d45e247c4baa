/** One message and what the agent made of it. Unchanged turns are not drawn again. */
import { memo } from "react";
import type { SessionStatus, Turn, TurnItem } from "@berth/sdk";
import type { SessionStore } from "../lib/session-store.ts";
import { MaskedNote } from "./masked-note.tsx";
import { AppliedNote } from "./applied-note.tsx";
import { FollowUpLine } from "./follow-up-line.tsx";
import { PartView } from "./part-view.tsx";
import { PermissionCard } from "./permission-card.tsx";
import { QuestionCard } from "./question-card.tsx";
import { SteerNote } from "./steer-note.tsx";
import type { Cut } from "./tool-card.tsx";
import { TurnEnd } from "./turn-end.tsx";
import { UserMessage } from "./user-message.tsx";
import css from "./turn-view.module.css";

export interface TurnViewProps {
  readonly store: SessionStore;
  readonly turn: Turn;
  readonly sessionStatus: SessionStatus;
}

export const TurnView = memo(function TurnView({ store, turn, sessionStatus }: TurnViewProps) {
  const active = turn.status === "running" || turn.status === "dispatched";
  // What it brought about is told where the turn is that took it.
  const rides = turn.steers && turn.run === null;
  return (
    <article className={css.turn} data-message={turn.messageId} data-status={turn.status}>
      {turn.continues === null && turn.retryOf === null ? <UserMessage text={turn.text} at={turn.at} /> : <FollowUpLine turn={turn} />}
      <SteerNote turn={turn} />
      {turn.items.length > 0 || (active && !rides) ? (
        <div className={css.answer}>
          {turn.items.filter((item) => !isAsking(item, turn)).map((item) => (
            <ItemView key={item.id} store={store} turn={turn} item={item} active={active} />
          ))}
          {active && !rides && sessionStatus === "running" && !isTelling(turn.items.at(-1)) ? <Thinking /> : null}
        </div>
      ) : null}
      <TurnEnd store={store} turn={turn} />
    </article>
  );
}, sameTurn);

/** The session's status matters only to the turn that is going on. */
function sameTurn(before: TurnViewProps, after: TurnViewProps): boolean {
  if (before.turn !== after.turn || before.store !== after.store) return false;
  return before.sessionStatus === after.sessionStatus || (after.turn.status !== "running" && after.turn.status !== "dispatched");
}

interface ItemViewProps {
  readonly store: SessionStore;
  readonly turn: Turn;
  readonly item: TurnItem;
  readonly active: boolean;
}

function ItemView({ store, turn, item, active }: ItemViewProps) {
  // What a lost agent had asked stays open until it is answered or the turn is left.
  const parked = turn.status === "interrupted";
  switch (item.kind) {
    case "part":
      return <PartView store={store} item={item} active={active} cut={item === turn.items.at(-1) ? cutOf(turn) : null} />;
    case "permission":
      return <PermissionCard store={store} item={item} active={active || parked} parked={parked} />;
    case "question":
      return <QuestionCard store={store} item={item} active={active || parked} parked={parked} />;
    case "applied":
      return <AppliedNote item={item} />;
    case "masked":
      return <MaskedNote item={item} />;
  }
}

/** What to say of a call that was under way when its turn ended so. */
function cutOf({ status }: Turn): Cut | null {
  if (status === "stopped") return "Stopped";
  return status === "interrupted" ? "Cut off" : null;
}

/** The call by which a question is asked says no more than the question's own card. */
function isAsking(item: TurnItem, { status }: Turn): boolean {
  return item.kind === "part" && item.part.tool?.name === "question" && (item.part.tool.status !== "failed" || status === "interrupted");
}

/** True while something is seen to move: text being written, a tool at work. */
function isTelling(item: TurnItem | undefined): boolean {
  return item?.kind === "part" && item.open && (item.part.kind !== "text" || item.text !== "");
}

function Thinking() {
  return (
    <p className={css.thinking}>
      <i />
      <i />
      <i />
      <span className="hidden-text">The agent is working</span>
    </p>
  );
}
