/** Says when what is shown may be old. */
import type { SessionView } from "../lib/session-store.ts";
import { Button } from "../ui/button.tsx";
import { Spinner } from "../ui/spinner.tsx";
import css from "./connection-bar.module.css";

export function ConnectionBar({ view, onRetry }: { readonly view: SessionView; readonly onRetry: () => void }) {
  const { connection, error } = view;
  if (connection === "closed" && error) {
    return (
      <div className={css.bar} role="status">
        <span>{error.code === "session-ended" ? "This session has ended." : `Live updates stopped: ${error.detail}`}</span>
        {error.code === "session-ended" ? null : (
          <Button size="s" icon="retry" onClick={onRetry}>
            Reconnect
          </Button>
        )}
      </div>
    );
  }
  if (connection !== "reconnecting") return null;
  return (
    <div className={`${css.bar} ${css.late}`} role="status">
      <Spinner />
      <span>Reconnecting… What you see may be a moment old; nothing is lost.</span>
    </div>
  );
}
