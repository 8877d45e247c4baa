/** One session by what a link gave: for who is signed in beside their own sessions, for everybody else alone on the page. */
import { useEffect, useMemo, useState } from "react";
import { Berth } from "@berth/sdk";
import { BerthProvider, useBerth } from "../lib/berth-context.tsx";
import { GuestContext } from "../lib/guest-context.ts";
import type { Pass } from "../lib/share-link.ts";
import { NothingShared } from "../lib/workspace-context.tsx";
import { PassOver } from "../components/pass-over.tsx";
import { SessionPage } from "./session-view.tsx";
import css from "./guest-view.module.css";

export function GuestView({ pass, signedIn }: { readonly pass: Pass; readonly signedIn: boolean }) {
  const { baseUrl } = useBerth();
  const berth = useMemo(() => new Berth({ baseUrl, apiKey: pass.token }), [baseUrl, pass.token]);
  const isOver = useIsOver(pass.expiresAt);
  const session = isOver ? (
    <PassOver pass={pass} />
  ) : (
    <GuestContext value={pass}>
      <BerthProvider berth={berth}>
        <SessionPage id={pass.sessionId} />
      </BerthProvider>
    </GuestContext>
  );
  if (signedIn) return session;
  return (
    <NothingShared>
      <main className={css.alone}>{session}</main>
    </NothingShared>
  );
}

function useIsOver(expiresAt: string): boolean {
  const [isOver, setIsOver] = useState(() => Date.parse(expiresAt) <= Date.now());
  useEffect(() => {
    const timer = setTimeout(() => setIsOver(true), Math.max(0, Date.parse(expiresAt) - Date.now()));
    return () => clearTimeout(timer);
  }, [expiresAt]);
  return isOver;
}
