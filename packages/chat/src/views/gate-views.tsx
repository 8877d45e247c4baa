/** What stands instead of the page: nothing known yet, not signed in, nobody there. */
import { useState, type ReactNode } from "react";
import type { ErrorMessage } from "../lib/error-message.ts";
import { Button } from "../ui/button.tsx";
import { Logo } from "../ui/logo.tsx";
import { Spinner } from "../ui/spinner.tsx";
import css from "./gate-views.module.css";

export function Splash() {
  return (
    <main className={css.gate} aria-busy="true">
      <div className={css.splash}>
        <Spinner size={20} />
        <span className="hidden-text">Loading Berth</span>
      </div>
    </main>
  );
}

export function SignedOut({ onRetry }: { readonly onRetry: () => Promise<void> }) {
  return (
    <Gate title="Open Berth from your terminal" onRetry={onRetry} action="I have opened it">
      <p>This browser is not signed in. When Berth starts, it prints a link that signs you in, once:</p>
      <pre className={css.terminal} aria-label="Example of what the terminal prints">
        <span className={css.dim}>$</span> npm start{"\n"}
        <span className={css.dim}>…</span>
        {"\n"}Open Berth: <span className={css.link}>{location.origin}/sign-in?token=…</span>
      </pre>
      <p className={css.note}>
        The link works for ten minutes. Start Berth again for a new one. Scripts do not sign in: they send an API key.
      </p>
    </Gate>
  );
}

export function Unreachable({ error, onRetry }: { readonly error: ErrorMessage; readonly onRetry: () => Promise<void> }) {
  return (
    <Gate title="Berth is out of reach" onRetry={onRetry} action="Try again">
      <p role="alert">
        {error.text} {error.fix}
      </p>
    </Gate>
  );
}

interface GateProps {
  readonly title: string;
  readonly action: string;
  readonly onRetry: () => Promise<void>;
  readonly children: ReactNode;
}

function Gate({ title, action, onRetry, children }: GateProps) {
  const [busy, setBusy] = useState(false);
  const retry = async (): Promise<void> => {
    setBusy(true);
    await onRetry();
    setBusy(false);
  };
  return (
    <main className={css.gate}>
      <section className={css.card}>
        <Logo size={40} />
        <h1>{title}</h1>
        {children}
        <Button kind="primary" busy={busy} onClick={() => void retry()}>
          {action}
        </Button>
      </section>
    </main>
  );
}
