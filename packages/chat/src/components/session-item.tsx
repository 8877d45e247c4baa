/** One session in the list. */
import type { SessionSummary } from "@berth/sdk";
import { followLink } from "../lib/follow-link.ts";
import { ago, placeOf, statusLabel } from "../lib/format.ts";
import { pathOf, type Route } from "../lib/router.ts";
import { StatusDot } from "./status.tsx";
import css from "./session-item.module.css";

export interface SessionItemProps {
  readonly session: SessionSummary;
  readonly now: number;
  readonly active: boolean;
  readonly onNavigate: () => void;
}

export function SessionItem({ session, now, active, onNavigate }: SessionItemProps) {
  const route: Route = { view: "session", id: session.id };
  const label = statusLabel(session.status, session.waitingFor);
  const place = placeOf(session.workspace);
  return (
    <a
      className={css.item}
      href={pathOf(route)}
      data-testid="session-item"
      data-status={session.status}
      aria-current={active ? "page" : undefined}
      onClick={(event) => followLink(event, route, onNavigate)}
    >
      <StatusDot status={session.status} />
      <span className={css.body}>
        <span className={css.title}>{session.title}</span>
        <span className={css.detail}>
          <span className={session.status === "waiting" ? css.attention : ""}>{label}</span>
          {place ? <span className={css.place}> · {place}</span> : null}
        </span>
      </span>
      <time className={css.time} dateTime={session.lastActiveAt}>
        {ago(session.lastActiveAt, now)}
      </time>
    </a>
  );
}
