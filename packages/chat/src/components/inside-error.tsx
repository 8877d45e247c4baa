/** Why something inside the sandbox was refused; where that is for want of a sandbox, with the way to have one. */
import type { ErrorMessage } from "../lib/error-message.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { ErrorNotice } from "../ui/notice.tsx";
import { WakeButton } from "./wake-button.tsx";

export function InsideError({ store, error }: { readonly store: SessionStore; readonly error: ErrorMessage }) {
  return <ErrorNotice error={error} action={error.code === "conflict" ? <WakeButton store={store} /> : undefined} />;
}
