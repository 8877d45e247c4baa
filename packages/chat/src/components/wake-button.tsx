/** Gives a session a sandbox again: one that sleeps, that failed, or that lost its own without a word, as when Berth was stopped. */
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { ActButton } from "./act-button.tsx";

export function WakeButton({ store, label = "Wake it" }: { readonly store: SessionStore; readonly label?: string }) {
  const { mayWork } = useRights();
  return mayWork ? <ActButton act={() => store.session.resume().then(() => undefined)}>{label}</ActButton> : null;
}
