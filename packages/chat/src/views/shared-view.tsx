/** A link to a session, as somebody opens it: signed in they go on at once, signed out they say how. */
import { useCallback, useEffect, useRef, useState } from "react";
import { BerthError, type Berth } from "@berth/sdk";
import { useBerth } from "../lib/berth-context.tsx";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { navigate, pathOf } from "../lib/router.ts";
import { keepPass, takeLink } from "../lib/share-link.ts";
import { Button } from "../ui/button.tsx";
import { LinkButton } from "../ui/link-button.tsx";
import { Gate, Splash } from "./gate-views.tsx";

export interface SharedViewProps {
  readonly id: string;
  readonly signedIn: boolean;
}

/** Refusals that another try does not change. */
const FINAL: readonly string[] = ["not-found", "conflict", "unauthenticated"];

export function SharedView({ id, signedIn }: SharedViewProps) {
  const berth = useBerth();
  const [link] = useState(() => takeLink(id));
  const [error, setError] = useState<ErrorMessage | null>(null);
  const [busy, setBusy] = useState(false);
  const open = useCallback(async (): Promise<void> => {
    if (link === null) return;
    setBusy(true);
    try {
      navigate({ view: "session", id: await enter(berth, { id, link, signedIn }) }, { replace: true });
    } catch (failure) {
      setError(toMessage(failure));
      setBusy(false);
    }
  }, [berth, id, link, signedIn]);
  // Another link to the same session, put into the address of this page, loads nothing by itself.
  useEffect(() => {
    const anew = (): void => location.reload();
    addEventListener("hashchange", anew);
    return () => removeEventListener("hashchange", anew);
  }, []);
  // A use of the link is not taken twice, whatever draws this anew.
  const opened = useRef(false);
  useEffect(() => {
    if (!signedIn || opened.current) return;
    opened.current = true;
    void open();
  }, [signedIn, open]);

  const home = signedIn ? <Button onClick={() => navigate({ view: "new" }, { replace: true })}>Go to your sessions</Button> : <LinkButton href="/">Go to Berth</LinkButton>;
  if (link === null) {
    return (
      <Gate title="This link is not whole" actions={home}>
        <p>What follows the # is missing, and without it the link opens nothing. Copy all of it, or ask whoever sent it for another one.</p>
      </Gate>
    );
  }
  if (error) {
    const final = FINAL.includes(error.code);
    return (
      <Gate
        title={final ? "This link does not work" : "The link could not be opened"}
        actions={
          <>
            {final ? null : (
              <Button kind="primary" busy={busy} onClick={() => void open()}>
                Try again
              </Button>
            )}
            {home}
          </>
        }
      >
        <p role="alert">{final ? whyNot(error) : `${error.text} ${error.fix ?? ""}`}</p>
      </Gate>
    );
  }
  if (signedIn) return <Splash label="Opening the session" />;
  return (
    <Gate
      title="A session is shared with you"
      actions={
        <>
          <LinkButton kind="primary" href={`/sign-in?next=${encodeURIComponent(pathOf({ view: "shared", id }))}`}>
            Sign in
          </LinkButton>
          <Button busy={busy} onClick={() => void open()}>
            Open without signing in
          </Button>
        </>
      }
    >
      <p>Sign in first if you have an account here. Without one you see this session alone, for up to an hour.</p>
    </Gate>
  );
}

/** Answers the session's id. Whoever may work in it anyway leaves the link unused. */
async function enter(berth: Berth, { id, link, signedIn }: { readonly id: string; readonly link: string; readonly signedIn: boolean }): Promise<string> {
  const own = signedIn ? await berth.session(id).get().catch(unlessRefused) : null;
  if (own && own.access !== "read") return id;
  try {
    const pass = await berth.redeemShareLink(link);
    // One that gives no more than they have would only end.
    if (!own || pass.access === "write") keepPass(pass);
    return pass.sessionId;
  } catch (error) {
    if (own) return id;
    throw error;
  }
}

function unlessRefused(error: unknown): null {
  if (BerthError.is(error) && ["not-found", "forbidden"].includes(error.code)) return null;
  throw error;
}

/** What a token that is none of ours is answered speaks of keys, which nobody here has. */
function whyNot({ code, text, fix }: ErrorMessage): string {
  return code === "unauthenticated" ? "It is not a whole link. Copy all of it, or ask whoever sent it for another one." : `${text} ${fix ?? ""}`;
}
