/** Where one writes. Enter sends, Shift+Enter begins a line; what is not sent is kept. */
import { useState, type FormEvent } from "react";
import type { Delivery } from "@berth/sdk";
import { useDraft } from "../lib/draft.ts";
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { Spinner } from "../ui/spinner.tsx";
import { Icon } from "../ui/icon.tsx";
import { GrowingTextarea } from "./growing-textarea.tsx";
import css from "./composer.module.css";

export interface ComposerProps {
  readonly store: SessionStore;
  /** A turn is going on: what is sent now is queued behind it. */
  readonly working: boolean;
  /** The turn takes what is sent into it. */
  readonly maySteer: boolean;
  /** The agent was asked to stop that turn. */
  readonly stopping: boolean;
  readonly ended: boolean;
}

export function Composer({ store, working, maySteer, stopping, ended }: ComposerProps) {
  const [text, setText] = useDraft(store.session.id);
  const { mayWork } = useRights();
  const closed = ended || !mayWork;
  const send = (delivery: Delivery): void => {
    if (text.trim() === "" || closed) return;
    store.send(text.trim(), delivery);
    setText("");
  };
  const submit = (event?: FormEvent): void => {
    event?.preventDefault();
    send("queue");
  };
  const canSteer = working && maySteer && !closed && !stopping && text.trim() !== "";
  const placeholder = ended ? "This session has ended" : !mayWork ? "You can watch this session" : working ? "Queue another message…" : "Message the agent…";
  return (
    <form className={css.composer} onSubmit={submit}>
      <GrowingTextarea
        data-testid="composer"
        aria-label="Message"
        placeholder={placeholder}
        disabled={closed}
        autoFocus={matchMedia("(pointer: fine)").matches}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onSubmit={submit}
        onSubmitNow={() => send(canSteer ? "steer" : "queue")}
      />
      <div className={css.buttons}>
        {working && mayWork ? <StopButton store={store} stopping={stopping} /> : null}
        {canSteer ? (
          <button type="button" className={css.steer} data-testid="steer" aria-label="Send into the running turn" title="Send into the running turn (Ctrl + Enter)" onClick={() => send("steer")}>
            <Icon name="steer" />
          </button>
        ) : null}
        {!mayWork || (working && text.trim() === "") ? null : (
          <button type="submit" className={css.send} data-testid="send" aria-label={working ? "Queue the message" : "Send"} title={working ? "Queue (Enter)" : "Send (Enter)"} disabled={text.trim() === "" || closed}>
            <Icon name="send" />
          </button>
        )}
      </div>
    </form>
  );
}

function StopButton({ store, stopping }: { readonly store: SessionStore; readonly stopping: boolean }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const stop = async (): Promise<void> => {
    setBusy(true);
    // It goes away with the turn; until then it stays pressed.
    await store.session.stop().then(
      () => setError(null),
      (failure: unknown) => {
        setError(store.refusal(failure).text);
        setBusy(false);
      },
    );
  };
  return (
    <>
      {error ? <span role="alert" className={css.error}>{error}</span> : null}
      {stopping ? <span role="status" className={css.stopping}>Stopping…</span> : null}
      <button type="button" className={css.stop} data-testid="stop" aria-label="Stop" title="Stop this turn" disabled={busy || stopping} onClick={() => void stop()}>
        {busy || stopping ? <Spinner /> : <Icon name="stop" />}
      </button>
    </>
  );
}
