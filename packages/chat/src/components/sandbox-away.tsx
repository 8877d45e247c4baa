/** In the place of what is in a sandbox, while there is none: why, and how to have one. */
import type { SessionStatus } from "@berth/sdk";
import type { SessionStore } from "../lib/session-store.ts";
import { Icon } from "../ui/icon.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { WakeButton } from "./wake-button.tsx";
import css from "./sandbox-away.module.css";

const WORDS: Partial<Readonly<Record<SessionStatus, string>>> = {
  starting: "The sandbox is starting.",
  hibernated: "The sandbox is asleep. Its files are saved.",
  failed: "There is no sandbox: the session could not go on.",
  ended: "The session has ended.",
};

export function SandboxAway({ store, status }: { readonly store: SessionStore; readonly status: SessionStatus }) {
  return (
    <div className={css.away}>
      {status === "starting" ? <Spinner size={20} /> : <Icon name="moon" size={22} />}
      <p role="status">{WORDS[status]}</p>
      {status === "hibernated" ? <WakeButton store={store} /> : null}
      {status === "failed" ? <WakeButton store={store} label="Start it again" /> : null}
    </div>
  );
}
