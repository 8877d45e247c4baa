/** The panel of a session's terminal: its state in words, what can be done about it, and the screen. */
import { lazy, Suspense, useCallback, useState } from "react";
import type { BerthError, SessionStatus, TerminalState } from "@berth/sdk";
import { toMessage } from "../../lib/error-message.ts";
import type { SessionStore } from "../../lib/session-store.ts";
import { isAwake } from "../../lib/shown-status.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { InsideError } from "../inside-error.tsx";
import { SandboxAway } from "../sandbox-away.tsx";
import css from "./terminal-panel.module.css";

const TerminalScreen = lazy(async () => ({ default: (await import("./terminal-screen.tsx")).TerminalScreen }));

export interface TerminalPanelProps {
  readonly store: SessionStore;
  readonly status: SessionStatus;
  readonly onClose: () => void;
}

export function TerminalPanel({ store, status, onClose }: TerminalPanelProps) {
  return (
    <section className={css.panel} aria-label="Terminal" data-testid="terminal">
      {isAwake(status) ? (
        <LiveTerminal store={store} onClose={onClose} />
      ) : (
        <>
          <Head onClose={onClose} />
          <SandboxAway store={store} status={status} />
        </>
      )}
    </section>
  );
}

function Head({ children, onClose }: { readonly children?: React.ReactNode; readonly onClose: () => void }) {
  return (
    <header className={css.head}>
      <Icon name="terminal" size={16} />
      <h2>Terminal</h2>
      <div className={css.state} role="status">
        {children}
      </div>
      <IconButton icon="close" label="Close the terminal. The shell goes on." size={16} onClick={onClose} />
    </header>
  );
}

/** A shell is found again by the tab that opened it, also after a reload. */
function keyOf(id: string): string {
  return `berth-terminal-${id}`;
}

function LiveTerminal({ store, onClose }: Pick<TerminalPanelProps, "store" | "onClose">) {
  const { session } = store;
  const [name, setName] = useState(() => sessionStorage.getItem(keyOf(session.id)) ?? newName(session.id));
  const [state, setState] = useState<TerminalState>("connecting");
  const [error, setError] = useState<BerthError | null>(null);
  const [code, setCode] = useState<number | null>(null);
  const [attempt, setAttempt] = useState(0);
  const onState = useCallback((next: TerminalState, failure: BerthError | null) => {
    setState(next);
    setError(failure);
  }, []);
  const again = (next: string): void => {
    setName(next);
    setCode(null);
    setError(null);
    setState("connecting");
    setAttempt((count) => count + 1);
  };
  const over = state === "closed";
  return (
    <>
      <Head onClose={onClose}>
        {state === "connecting" || state === "reconnecting" ? (
          <>
            <Spinner /> {state === "connecting" ? "Starting…" : "Reconnecting… The shell goes on."}
          </>
        ) : null}
        {over && code !== null ? (
          <>
            The shell ended{code === 0 ? "." : ` with code ${code}.`}{" "}
            <Button size="s" icon="plus" onClick={() => again(newName(session.id))}>
              New shell
            </Button>
          </>
        ) : null}
        {over && code === null ? (
          <Button size="s" icon="retry" onClick={() => again(name)}>
            Try again
          </Button>
        ) : null}
      </Head>
      {over && error ? <InsideError store={store} error={toMessage(error)} /> : null}
      <Suspense fallback={<Waiting />}>
        <TerminalScreen key={`${name} ${attempt}`} session={session} name={name} onState={onState} onExit={setCode} />
      </Suspense>
    </>
  );
}

function newName(id: string): string {
  const name = crypto.randomUUID();
  sessionStorage.setItem(keyOf(id), name);
  return name;
}

function Waiting() {
  return (
    <div className={css.middle}>
      <Spinner size={20} />
    </div>
  );
}
