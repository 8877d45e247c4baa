/** The session waits for room under a cap: which, how much of it is used, and what can be done. Nothing was lost. */
import type { BudgetReached } from "@berth/protocol";
import { budgetWords } from "../lib/budget-words.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { Icon } from "../ui/icon.tsx";
import { ActButton } from "./act-button.tsx";
import { CardActions } from "./card-actions.tsx";
import css from "./request-card.module.css";

export interface BudgetCardProps {
  readonly store: SessionStore;
  readonly reached: BudgetReached;
  /** A turn is still there, and its next step is held. */
  readonly isHeld: boolean;
}

export function BudgetCard({ store, reached, isHeld }: BudgetCardProps) {
  const { title, figures, fix } = budgetWords(reached);
  return (
    <section className={css.card} aria-label="A cap is reached" data-testid="budget">
      <div className={css.head}>
        <Icon name="warn" /> Paused: {title}
      </div>
      <p className={css.words}>{figures}</p>
      <p className={css.words}>Nothing was lost, and nothing will run twice. {fix}</p>
      <CardActions>
        {isHeld ? null : (
          <ActButton kind="primary" title="Goes on if there is room by now" act={() => store.session.resume({ interrupted: "continue" })}>
            Try again
          </ActButton>
        )}
        <ActButton kind="quiet" title="Leaves what was paused" act={() => store.session.stop()}>
          Leave it
        </ActButton>
      </CardActions>
    </section>
  );
}
