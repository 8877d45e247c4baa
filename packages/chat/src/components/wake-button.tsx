/** Beside what a session without a sandbox was refused for: an idle one may have lost it without a word, as when Berth was stopped. */
import { useRights } from "../lib/session-right.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { ActButton } from "./act-button.tsx";

export function WakeButton({ store }: { readonly store: SessionStore }) {
  const { mayWork } = useRights();
  return mayWork ? <ActButton act={() => store.session.resume().then(() => undefined)}>Wake it</ActButton> : null;
}
