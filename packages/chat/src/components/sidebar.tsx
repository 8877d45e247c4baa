/** The list of sessions, and the way to everything else. */
import { useState, type ReactNode } from "react";
import { useAccount } from "../lib/account-context.tsx";
import { useBerth } from "../lib/berth-context.tsx";
import { followLink } from "../lib/follow-link.ts";
import { pathOf, type Route } from "../lib/router.ts";
import { useNow } from "../lib/use-now.ts";
import { useShared } from "../lib/workspace-context.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { Logo } from "../ui/logo.tsx";
import { SessionItem } from "./session-item.tsx";
import css from "./sidebar.module.css";

export interface SidebarProps {
  readonly route: Route;
  readonly onNavigate: () => void;
}

export function Sidebar({ route, onNavigate }: SidebarProps) {
  const { me } = useAccount();
  const { sessions, showMore } = useShared();
  const now = useNow(30_000);
  const items = sessions.data?.items;
  return (
    <nav className={css.sidebar} aria-label="Sessions">
      <header className={css.brand}>
        <Logo />
        <span className={css.name}>Berth</span>
      </header>
      <NavLink route={{ view: "new" }} active={route.view === "new"} onNavigate={onNavigate}>
        <Icon name="plus" /> New session
      </NavLink>
      <h2 className={css.heading}>Sessions</h2>
      <div className={css.list}>
        {items?.map((session) => (
          <SessionItem key={session.id} session={session} now={now} active={route.view === "session" && route.id === session.id} onNavigate={onNavigate} />
        ))}
        {items?.length === 0 ? <p className={css.empty}>Your sessions will be listed here.</p> : null}
        {!items && !sessions.error ? <ListSkeleton /> : null}
        {sessions.error ? <p className={css.empty}>{sessions.error.text} Trying again…</p> : null}
        {sessions.data?.hasMore ? (
          <Button kind="quiet" size="s" onClick={showMore}>
            Show older
          </Button>
        ) : null}
      </div>
      <footer className={css.footer}>
        <NavLink route={{ view: "settings", part: "general" }} active={route.view === "settings"} onNavigate={onNavigate}>
          <Icon name="settings" /> Settings
        </NavLink>
        <div className={css.who} title={me.user?.email}>
          <span className={css.avatar} aria-hidden="true">
            {(me.user?.name ?? me.organization.name).slice(0, 1).toUpperCase()}
          </span>
          <span className={css.whoText}>
            <span>{me.user?.name ?? "API key"}</span>
            <span className={css.org}>{me.organization.name}</span>
          </span>
          <SignOut />
        </div>
      </footer>
    </nav>
  );
}

interface NavLinkProps {
  readonly route: Route;
  readonly active: boolean;
  readonly onNavigate: () => void;
  readonly children: ReactNode;
}

function NavLink({ route, active, onNavigate, children }: NavLinkProps) {
  return (
    <a className={css.link} href={pathOf(route)} aria-current={active ? "page" : undefined} onClick={(event) => followLink(event, route, onNavigate)}>
      {children}
    </a>
  );
}

function SignOut() {
  const berth = useBerth();
  const [failed, setFailed] = useState(false);
  const signOut = (): void => {
    berth.signOut().then(
      () => location.assign("/"),
      () => setFailed(true),
    );
  };
  return <IconButton icon="leave" size={17} label={failed ? "Not signed out. Try again" : "Sign out"} onClick={signOut} />;
}

function ListSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading sessions" className={css.skeleton}>
      <i />
      <i />
      <i />
    </div>
  );
}
