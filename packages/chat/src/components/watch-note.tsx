/** Why nothing can be written here, and who could change that. */
import { useAccountIfAny } from "../lib/account-context.tsx";
import { useGuest } from "../lib/guest-context.ts";
import { may } from "../lib/rights.ts";
import { Notice } from "../ui/notice.tsx";

export function WatchNote() {
  const guest = useGuest();
  const account = useAccountIfAny();
  const way = guest
    ? "Your link is for watching. Ask whoever sent it for one to work with."
    : account && !may(account.me, "sessions:write")
      ? `Your role here is ${account.me.role}. Ask an owner or admin for another one.`
      : "It is shared with you as viewer. Ask its owner to share it with you as collaborator.";
  return (
    <Notice tone="info">
      You can watch this session and not work in it. {way}
    </Notice>
  );
}
