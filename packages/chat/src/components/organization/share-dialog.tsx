/** With whom a session is shared: members and teams, each with what they may do in it, and whoever has a link. */
import { useCallback, useState } from "react";
import type { SessionClient, Share } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { useAct } from "../../lib/use-act.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { ConfirmButton } from "../confirm-button.tsx";
import { LoadList } from "../load-list.tsx";
import { ShareForm, type Candidate } from "./share-form.tsx";
import { ShareLinks } from "./share-links.tsx";
import { VisibilityPicker } from "./visibility-picker.tsx";
import rows from "../rows.module.css";

export function ShareDialog({ session, onClose }: { readonly session: SessionClient; readonly onClose: () => void }) {
  const berth = useBerth();
  const shares = useLoad(useCallback(() => session.shares().all(), [session]));
  const candidates = useLoad(
    useCallback(async (): Promise<readonly Candidate[]> => {
      const [members, teams] = await Promise.all([berth.members.list().all(), berth.teams.list().all()]);
      return [...members.map(({ userId, name, email }) => ({ with: "member" as const, id: userId, name: `${name} (${email})` })), ...teams.map(({ id, name }) => ({ with: "team" as const, id, name: `Team ${name}` }))];
    }, [berth]),
  );
  const { error, run } = useAct();
  const [sharing, setSharing] = useState(false);
  const end = async (id: string): Promise<void> => {
    await run(() => session.unshare(id));
    await shares.reload();
  };
  const nameOf = ({ principalId }: Share): string => candidates.data?.find(({ id }) => id === principalId)?.name ?? (candidates.data || candidates.error ? "A service account, or somebody who left" : "…");
  const people = shares.data?.filter((share) => share.with !== "link");
  const links = shares.data?.filter((share) => share.with === "link");
  return (
    <Dialog title="Share this session" onClose={onClose}>
      <div className={rows.rows}>
        <VisibilityPicker session={session} />
        <LoadList
          label="Shared with"
          heading="People and teams"
          loaded={{ ...shares, data: people }}
          empty="Shared with nobody in particular."
          renderRow={(share) => (
            <li key={share.id}>
              <div className={rows.text}>
                <strong>{nameOf(share)}</strong>
                <span>{share.role}</span>
              </div>
              <ConfirmButton label={`Stop sharing with ${nameOf(share)}`} confirm="Stop sharing" onConfirm={() => end(share.id)} />
            </li>
          )}
        />
        {candidates.error ? <ErrorNotice error={candidates.error} /> : null}
        {sharing ? (
          <ShareForm
            candidates={candidates.data ?? []}
            onCancel={() => setSharing(false)}
            onShare={async (who, role) => {
              await session.share({ with: who.with, id: who.id, role });
              setSharing(false);
              await shares.reload();
            }}
          />
        ) : (
          <div className={rows.actions}>
            <Button icon="plus" onClick={() => setSharing(true)}>
              Share with somebody
            </Button>
          </div>
        )}
        {error ? <ErrorNotice error={error} /> : null}
        {links ? <ShareLinks session={session} links={links} onChanged={shares.reload} onEnd={end} /> : null}
      </div>
    </Dialog>
  );
}
