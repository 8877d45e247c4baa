/** One session: header, conversation, and what can be said next. */
import { useEffect, useState } from "react";
import { useGuest } from "../lib/guest-context.ts";
import { SessionRightContext } from "../lib/session-right.ts";
import { useSession } from "../lib/use-session.ts";
import { useShared } from "../lib/workspace-context.tsx";
import { toMessage } from "../lib/error-message.ts";
import { navigate } from "../lib/router.ts";
import { Button } from "../ui/button.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Centered } from "../components/centered.tsx";
import { ConnectionBar } from "../components/connection-bar.tsx";
import { Dock } from "../components/dock.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { GuestBar } from "../components/guest-bar.tsx";
import { PassOver } from "../components/pass-over.tsx";
import { SessionHeader } from "../components/session-header.tsx";
import { TerminalPanel } from "../components/terminal/terminal-panel.tsx";
import { TranscriptView } from "../components/transcript-view.tsx";

export function SessionPage({ id }: { readonly id: string }) {
  const { store, view } = useSession(id);
  const { sessions, setLive } = useShared();
  const { status, title, waitingFor } = view.transcript;
  const { reload } = sessions;
  useEffect(() => {
    if (!view.loaded) return;
    setLive({ id, title, status, waitingFor });
    void reload();
    return () => setLive(null);
  }, [view.loaded, id, status, title, waitingFor, reload, setLive]);
  useEffect(() => {
    document.title = title ? `${title} · Berth` : "Berth";
    return () => {
      document.title = "Berth";
    };
  }, [title]);

  const [terminal, setTerminal] = useState(false);
  // Whoever may only watch is not let in.
  const showsTerminal = terminal && view.right !== "read";
  const guest = useGuest();
  // Of what was taken back nothing is shown any more.
  if (guest && (view.error?.status === 401 || view.error?.status === 404)) return <PassOver pass={guest} />;
  if (!view.loaded) return <NotLoaded view={view} onRetry={() => store.reopen()} />;
  return (
    <SessionRightContext value={view.right}>
      {guest ? <GuestBar pass={guest} /> : null}
      <SessionHeader store={store} transcript={view.transcript} terminal={{ isOpen: showsTerminal, toggle: () => setTerminal(!showsTerminal) }} />
      <ConnectionBar view={view} onRetry={() => store.reopen()} />
      <TranscriptView store={store} view={view} />
      <Dock store={store} view={view} />
      {showsTerminal ? <TerminalPanel key={id} store={store} status={status} onClose={() => setTerminal(false)} /> : null}
    </SessionRightContext>
  );
}

interface NotLoadedProps {
  readonly view: ReturnType<typeof useSession>["view"];
  readonly onRetry: () => void;
}

function NotLoaded({ view, onRetry }: NotLoadedProps) {
  const slow = useSlow(250);
  const { error } = view;
  if (error?.status === 404) {
    return (
      <Centered>
        <EmptyState icon="search" title="This session is gone" action={<Button onClick={() => navigate({ view: "new" })}>New session</Button>}>
          It was deleted, or it never was here. Its runs stay in the history.
        </EmptyState>
      </Centered>
    );
  }
  if (error) {
    const message = toMessage(error);
    return (
      <Centered>
        <EmptyState icon="warn" title="The session cannot be opened" action={<Button icon="retry" onClick={onRetry}>Try again</Button>}>
          {message.text} {message.fix}
          {view.connection === "reconnecting" ? " Still trying…" : null}
        </EmptyState>
      </Centered>
    );
  }
  return <Centered>{slow ? <Spinner size={20} /> : null}</Centered>;
}

/** A spinner for what is there at once would only flicker. */
function useSlow(afterMs: number): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), afterMs);
    return () => clearTimeout(timer);
  }, [afterMs]);
  return slow;
}
