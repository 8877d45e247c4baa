/** A session's status, as a dot and as a pill. */
import type { SessionStatus, WaitingFor } from "@berth/sdk";
import { statusLabel } from "../lib/format.ts";
import css from "./status.module.css";

export function StatusDot({ status }: { readonly status: SessionStatus }) {
  return <span aria-hidden="true" className={`${css.dot} ${css[status]}`} />;
}

export function StatusPill({ status, waitingFor }: { readonly status: SessionStatus; readonly waitingFor: WaitingFor | null }) {
  return (
    <span className={css.pill} role="status" data-status={status}>
      <StatusDot status={status} />
      {statusLabel(status, waitingFor)}
    </span>
  );
}
