/** Where one writes. Enter sends, Shift+Enter begins a line; what is not sent is kept. */
import { useState, type FormEvent } from "react";
import { useDraft } from "../lib/draft.ts";
import { toMessage } from "../lib/error-message.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { Spinner } from "../ui/spinner.tsx";
import { Icon } from "../ui/icon.tsx";
import { GrowingTextarea } from "./growing-textarea.tsx";
import css from "./composer.module.css";

export interface ComposerProps {
  readonly store: SessionStore;
  /** A turn is going on: what is sent now is queued behind it. */
  readonly working: boolean;
  readonly ended: boolean;
}

export function Composer({ store, working, ended }: ComposerProps) {
  const [text, setText] = useDraft(store.session.id);
  const submit = (event?: FormEvent): void => {
    event?.preventDefault();
    if (text.trim() === "" || ended) return;
    store.send(text.trim());
    setText("");
  };
  const placeholder = ended ? "This session has ended" : working ? "Queue another message…" : "Message the agent…";
  return (
    <form className={css.composer} onSubmit={submit}>
      <GrowingTextarea
        data-testid="composer"
        aria-label="Message"
        placeholder={placeholder}
        disabled={ended}
        autoFocus={matchMedia("(pointer: fine)").matches}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onSubmit={submit}
      />
      <div className={css.buttons}>
        {working ? <StopButton store={store} /> : null}
        {working && text.trim() === "" ? null : (
          <button type="submit" className={css.send} data-testid="send" aria-label={working ? "Queue the message" : "Send"} title={working ? "Queue (Enter)" : "Send (Enter)"} disabled={text.trim() === "" || ended}>
            <Icon name="send" />
          </button>
        )}
      </div>
    </form>
  );
}

function StopButton({ store }: { readonly store: SessionStore }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const stop = async (): Promise<void> => {
    setBusy(true);
    // It goes away with the turn; until then it stays pressed.
    await store.session.stop().then(
      () => setError(null),
      (failure: unknown) => {
        setError(toMessage(failure).text);
        setBusy(false);
      },
    );
  };
  return (
    <>
      {error ? <span role="alert" className={css.error}>{error}</span> : null}
      <button type="button" className={css.stop} data-testid="stop" aria-label="Stop" title="Stop this turn" disabled={busy} onClick={() => void stop()}>
        {busy ? <Spinner /> : <Icon name="stop" />}
      </button>
    </>
  );
}
