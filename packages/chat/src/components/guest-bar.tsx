/** Says that this session is open by a link, and for how long. */
import { useAccountIfAny } from "../lib/account-context.tsx";
import { clockTime } from "../lib/format.ts";
import { pathOf } from "../lib/router.ts";
import type { Pass } from "../lib/share-link.ts";
import { LinkButton } from "../ui/link-button.tsx";
import css from "./guest-bar.module.css";

export function GuestBar({ pass: { sessionId, expiresAt } }: { readonly pass: Pass }) {
  const signedIn = useAccountIfAny() !== null;
  return (
    <div className={css.bar} role="note">
      <span>You are here by a link, until {clockTime(expiresAt)}.</span>
      {signedIn ? null : (
        <LinkButton size="s" href={`/sign-in?next=${encodeURIComponent(pathOf({ view: "session", id: sessionId }))}`}>
          Sign in
        </LinkButton>
      )}
    </div>
  );
}
