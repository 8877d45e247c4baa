/** A message on its way, or one that did not get there. */
import { useRights } from "../lib/session-right.ts";
import type { PendingMessage } from "../lib/session-store.ts";
import { Button } from "../ui/button.tsx";
import { UserMessage } from "./user-message.tsx";
import css from "./pending-view.module.css";

export interface PendingViewProps {
  readonly message: PendingMessage;
  readonly onRetry: () => void;
  readonly onDiscard: () => void;
}

export function PendingView({ message, onRetry, onDiscard }: PendingViewProps) {
  const { error } = message;
  const { mayWork } = useRights();
  return (
    <article className={css.pending}>
      <div className={error ? "" : css.faint}>
        <UserMessage text={message.text} />
      </div>
      {error ? (
        <div className={css.failed} role="alert">
          <span>
            Not sent: {error.text} {error.fix}
          </span>
          {mayWork ? (
            <Button size="s" icon="retry" onClick={onRetry}>
              Try again
            </Button>
          ) : null}
          <Button size="s" kind="quiet" onClick={onDiscard}>
            Discard
          </Button>
        </div>
      ) : (
        <span className={css.note}>Sending…</span>
      )}
    </article>
  );
}
