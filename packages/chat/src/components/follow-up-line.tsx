/** A message that stands in for one that was interrupted: nobody wrote it, so it is no bubble. */
import type { Turn } from "@berth/sdk";
import { Icon } from "../ui/icon.tsx";
import css from "./follow-up-line.module.css";

export function FollowUpLine({ turn }: { readonly turn: Turn }) {
  const isRetry = turn.retryOf !== null;
  return (
    <details className={css.line}>
      <summary>
        <Icon name="retry" size={15} /> {isRetry ? "Runs again after the interruption" : "Goes on after the interruption"}
      </summary>
      <p className={css.text}>{turn.text}</p>
    </details>
  );
}
