/** What stands instead of the page: nothing known yet, not signed in, nobody there. */
import { useState, type ReactNode } from "react";
import type { ErrorMessage } from "../lib/error-message.ts";
import { Button } from "../ui/button.tsx";
import { LinkButton } from "../ui/link-button.tsx";
import { Logo } from "../ui/logo.tsx";
import { Spinner } from "../ui/spinner.tsx";
import css from "./gate-views.module.css";

export function Splash({ label = "Loading Berth" }: { readonly label?: string }) {
  return (
    <main className={css.gate} aria-busy="true">
      <div className={css.splash}>
        <Spinner size={20} />
        <span className="hidden-text">{label}</span>
      </div>
    </main>
  );
}

export function SignedOut({ onRetry }: { readonly onRetry: () => Promise<void> }) {
  const signIn = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  return (
    <Gate
      title="Sign in to Berth"
      actions={
        <>
          <LinkButton kind="primary" href={signIn}>
            Sign in
          </LinkButton>
          <Retry kind="plain" onRetry={onRetry}>
            I am signed in now
          </Retry>
        </>
      }
    >
      <p>
        On this Berth coding agents work in sandboxes, for the people who have an account here. This browser is not signed in, so it does not know
        whose sessions to show.
      </p>
      <ul className={css.ways}>
        <li>
          <strong>You have an account:</strong> sign in with it.
        </li>
        <li>
          <strong>You are new:</strong> open the link of your invitation, or ask an admin of your organization for one. The page to sign in says whether
          you can make an account yourself.
        </li>
        <li>
          <strong>You run this Berth:</strong> open the link that it prints when it starts. It works once, within ten minutes; starting Berth again gives
          another.
          <pre className={css.terminal} aria-label="Example of what the terminal prints">
            <span className={css.dim}>$</span> npm start{"\n"}
            <span className={css.dim}>…</span>
            {"\n"}Sign in <span className={css.link}>{location.origin}/sign-in?token=…</span>
          </pre>
        </li>
      </ul>
    </Gate>
  );
}

export function Unreachable({ error, onRetry }: { readonly error: ErrorMessage; readonly onRetry: () => Promise<void> }) {
  return (
    <Gate title="Berth is out of reach" actions={<Retry onRetry={onRetry}>Try again</Retry>}>
      <p role="alert">
        {error.text} {error.fix}
      </p>
    </Gate>
  );
}

interface GateProps {
  readonly title: string;
  readonly actions: ReactNode;
  readonly children: ReactNode;
}

export function Gate({ title, actions, children }: GateProps) {
  return (
    <main className={css.gate}>
      <section className={css.card}>
        <Logo size={40} />
        <h1>{title}</h1>
        {children}
        <div className={css.actions}>{actions}</div>
      </section>
    </main>
  );
}

interface RetryProps {
  readonly kind?: "primary" | "plain";
  readonly onRetry: () => Promise<void>;
  readonly children: ReactNode;
}

function Retry({ kind = "primary", onRetry, children }: RetryProps) {
  const [busy, setBusy] = useState(false);
  const retry = async (): Promise<void> => {
    setBusy(true);
    await onRetry();
    setBusy(false);
  };
  return (
    <Button kind={kind} busy={busy} onClick={() => void retry()}>
      {children}
    </Button>
  );
}
