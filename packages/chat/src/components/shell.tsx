/** Side list and main part. On a narrow screen the list is a drawer. */
import { useEffect, useState, type ReactNode } from "react";
import type { Route } from "../lib/router.ts";
import { useShared } from "../lib/workspace-context.tsx";
import { DrawerContext } from "./drawer-context.ts";
import { Sidebar } from "./sidebar.tsx";
import css from "./shell.module.css";

export interface ShellProps {
  readonly route: Route;
  readonly onSignedOut: () => Promise<void>;
  readonly children: ReactNode;
}

export function Shell({ route, onSignedOut, children }: ShellProps) {
  const [open, setOpen] = useState(false);
  const { sessions } = useShared();
  const where = route.view === "session" ? route.id : route.view;
  useEffect(() => setOpen(false), [where]);
  useEffect(() => {
    if (!open) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") setOpen(false);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [open]);
  const signedOut = sessions.error?.code === "unauthenticated";
  useEffect(() => {
    if (signedOut) void onSignedOut();
  }, [signedOut, onSignedOut]);

  return (
    <DrawerContext value={() => setOpen(true)}>
      <div className={css.shell}>
        <div className={`${css.side} ${open ? css.open : ""}`}>
          <Sidebar route={route} onNavigate={() => setOpen(false)} />
        </div>
        {open ? <button type="button" aria-label="Close the list" className={css.veil} onClick={() => setOpen(false)} /> : null}
        <main className={css.main}>{children}</main>
      </div>
    </DrawerContext>
  );
}
