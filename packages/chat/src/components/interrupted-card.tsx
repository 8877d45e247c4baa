/** A turn was cut off and nobody has said what becomes of it. Nothing runs again until a person does. */
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { Icon } from "../ui/icon.tsx";
import { ActButton } from "./act-button.tsx";
import { CardActions } from "./card-actions.tsx";
import css from "./request-card.module.css";

const CHOICES = [
  { choice: "continue", label: "Continue", kind: "primary", title: "A new sandbox starts with the saved work, and the agent goes on from what is done" },
  { choice: "retry", label: "Run again", kind: "plain", title: "The message is sent once more from its start; what it did already may happen twice" },
  { choice: "skip", label: "Leave it", kind: "quiet", title: "Nothing runs again; the session goes on with what is queued" },
] as const;

export function InterruptedCard({ store }: { readonly store: SessionStore }) {
  const { mayWork } = useRights();
  return (
    <section className={css.card} aria-label="What to do with the interrupted turn" data-testid="interrupted">
      <div className={css.head}>
        <Icon name="warn" /> The turn was interrupted.{mayWork ? " What now?" : ""}
      </div>
      <p className={css.words}>
        Nothing was run a second time.{mayWork ? <> <strong>Continue</strong> lets the agent look at what is done and go on, <strong>Run again</strong> begins the message anew.</> : null}
      </p>
      <CardActions>
        {CHOICES.map(({ choice, label, kind, title }) => (
          <ActButton key={choice} kind={kind} title={title} act={() => store.session.resume({ interrupted: choice })}>
            {label}
          </ActButton>
        ))}
      </CardActions>
    </section>
  );
}
