/** How a turn ended, and what it took. */
import type { Turn } from "@berth/sdk";
import { cost, duration, tokens } from "../lib/format.ts";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { Button } from "../ui/button.tsx";
import { FailureNotice } from "./failure-notice.tsx";
import css from "./turn-end.module.css";

export function TurnEnd({ store, turn }: { readonly store: SessionStore; readonly turn: Turn }) {
  const { mayWork } = useRights();
  const failure = turn.failure ?? turn.run?.end?.failure;
  const again = (
    <Button size="s" icon="retry" onClick={() => store.send(turn.text)}>
      Send again
    </Button>
  );
  switch (turn.status) {
    case "failed":
      return <FailureNotice failure={failure} fallback="The turn failed." action={mayWork ? again : null} />;
    case "interrupted":
      return <FailureNotice tone="warn" failure={failure} fallback="The sandbox was lost in the middle of this turn. Nothing was run a second time." />;
    case "stopped":
      return <p className={css.line}>Stopped by you</p>;
    case "completed":
      return <Summary turn={turn} />;
    default:
      return null;
  }
}

function Summary({ turn }: { readonly turn: Turn }) {
  const { run } = turn;
  if (!run?.end || !run.endedAt) return null;
  const facts = [duration(Date.parse(run.endedAt) - Date.parse(run.startedAt))];
  const counted = Object.values(run.end.usage).some((count) => count > 0);
  if (counted) facts.push(tokens(run.end.usage));
  if (run.end.costMicros) facts.push(cost(run.end.costMicros));
  return <p className={css.line}>{facts.join(" · ")}</p>;
}
