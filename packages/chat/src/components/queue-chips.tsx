/** Messages that wait for their turn, each with a way out. */
import { useState } from "react";
import type { Turn } from "@berth/sdk";
import { toMessage } from "../lib/error-message.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { IconButton } from "../ui/button.tsx";
import css from "./queue-chips.module.css";

export function QueueChips({ store, queued }: { readonly store: SessionStore; readonly queued: readonly Turn[] }) {
  const [error, setError] = useState<string | null>(null);
  const cancel = async (messageId: string): Promise<void> => {
    await store.session.cancel(messageId).then(
      () => setError(null),
      (failure: unknown) => setError(toMessage(failure).text),
    );
  };
  return (
    <section className={css.queue} aria-label="Queued messages">
      <span className={css.label}>Next</span>
      <ul className={css.chips}>
        {queued.map(({ messageId, text }) => (
          <li key={messageId} className={css.chip} title={text}>
            <span className={css.text}>{text}</span>
            <IconButton icon="close" size={14} label={`Cancel: ${text.slice(0, 60)}`} className={css.cancel ?? ""} onClick={() => void cancel(messageId)} />
          </li>
        ))}
      </ul>
      {error ? <span role="alert" className={css.error}>{error}</span> : null}
    </section>
  );
}
