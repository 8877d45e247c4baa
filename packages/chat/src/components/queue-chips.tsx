/** Messages that wait for their turn, in the order in which they will run, each with a way forward and a way out. */
import { useState } from "react";
import type { Turn } from "@berth/sdk";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { IconButton } from "../ui/button.tsx";
import css from "./queue-chips.module.css";

export function QueueChips({ store, queued }: { readonly store: SessionStore; readonly queued: readonly Turn[] }) {
  const { mayWork } = useRights();
  const [error, setError] = useState<string | null>(null);
  const act = (done: Promise<unknown>): void => {
    done.then(
      () => setError(null),
      (failure: unknown) => setError(store.refusal(failure).text),
    );
  };
  return (
    <section className={css.queue} aria-label="Queued messages">
      <span className={css.label}>Next</span>
      <ol className={css.chips}>
        {queued.map(({ messageId, text }, at) => {
          const name = text.slice(0, 60);
          const earlier = queued[at - 1];
          return (
            <li key={messageId} className={css.chip} title={text}>
              <span className={css.text}>{text}</span>
              {earlier && mayWork ? (
                <IconButton icon="up" size={14} label={`Run earlier: ${name}`} className={css.act ?? ""} onClick={() => act(store.session.move(messageId, earlier.messageId))} />
              ) : null}
              {mayWork ? <IconButton icon="close" size={14} label={`Cancel: ${name}`} className={css.act ?? ""} onClick={() => act(store.session.cancel(messageId))} /> : null}
            </li>
          );
        })}
      </ol>
      {error ? <span role="alert" className={css.error}>{error}</span> : null}
    </section>
  );
}
