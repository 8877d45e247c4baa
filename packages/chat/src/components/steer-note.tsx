/** What became of a message that was meant for the running turn. */
import type { Turn } from "@berth/sdk";
import css from "./turn-end.module.css";

export function SteerNote({ turn }: { readonly turn: Turn }) {
  if (!turn.steers) return null;
  const text = noteOf(turn);
  return text === null ? null : <p className={css.steer}>{text}</p>;
}

function noteOf({ status, deferred, run }: Turn): string | null {
  if (run !== null) return null;
  if (status === "queued") return "Not taken into the running turn: it waits for its own";
  if (status === "dispatched") return deferred === null ? "Sending it into the running turn…" : "Not in the running turn yet";
  return status === "interrupted" ? "Lost with the sandbox; it was not sent again" : "Sent into the running turn";
}
