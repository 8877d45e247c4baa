/** Who belongs to the organization, and who was asked to. */
import { useCallback, useState } from "react";
import type { CreatedInvitation } from "@berth/sdk";
import { useAccount } from "../../lib/account-context.tsx";
import { useBerth } from "../../lib/berth-context.tsx";
import { may } from "../../lib/rights.ts";
import { useAct } from "../../lib/use-act.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { LoadList } from "../load-list.tsx";
import { Reveal } from "../reveal.tsx";
import { Section } from "../section.tsx";
import { Invitations } from "./invitations.tsx";
import { InviteForm } from "./invite-form.tsx";
import { MemberRow } from "./member-row.tsx";
import rows from "../rows.module.css";

const ABOUT = "People who work with this organization's sessions. What they may do follows from their role, and holds within half a minute.";

export function MembersSection() {
  const { me } = useAccount();
  if (!may(me, "sessions:write")) {
    return (
      <Section title="Members" about={ABOUT}>
        <Notice tone="info">Your role ({me.role}) watches sessions and does not see who the members are. Ask an owner or admin for another role.</Notice>
      </Section>
    );
  }
  return may(me, "admin") ? <Managed /> : <Seen />;
}

function Seen() {
  const berth = useBerth();
  const { me } = useAccount();
  const members = useLoad(useCallback(() => berth.members.list().all(), [berth]));
  return (
    <Section title="Members" about={ABOUT}>
      <div className={rows.rows}>
        <LoadList label="Members" loaded={members} empty="Nobody yet." renderRow={(member) => <MemberRow key={member.userId} member={member} me={me} />} />
        <Notice tone="info">Only an owner or admin invites people, changes roles and removes members. You are a {me.role}.</Notice>
      </div>
    </Section>
  );
}

function Managed() {
  const berth = useBerth();
  const { me } = useAccount();
  const members = useLoad(useCallback(() => berth.members.list().all(), [berth]));
  const invitations = useLoad(useCallback(() => berth.invitations.list().all(), [berth]));
  const [inviting, setInviting] = useState(false);
  const [invited, setInvited] = useState<CreatedInvitation | null>(null);
  const { error, run } = useAct();
  const change = async (act: () => Promise<unknown>): Promise<void> => {
    await run(act);
    // Also after a refusal: what is shown may be what was refused.
    await Promise.all([members.reload(), invitations.reload()]);
  };
  return (
    <Section title="Members" about={ABOUT}>
      <div className={rows.rows}>
        <LoadList
          label="Members"
          loaded={members}
          empty="Nobody yet."
          wraps
          renderRow={(member) => (
            <MemberRow
              key={member.userId}
              member={member}
              me={me}
              manage={{ setRole: (role) => change(() => berth.members.setRole(member.userId, role)), remove: () => change(() => berth.members.remove(member.userId)) }}
            />
          )}
        />
        {error ? <ErrorNotice error={error} /> : null}
        {invited ? (
          <Reveal secret={invited.url ?? null} onDone={() => setInvited(null)}>
            <strong>{invited.email}</strong>{" "}
            {invited.url ? "is invited. This Berth sends no mails: copy the link now and pass it on, it is not shown again." : "is invited: a mail with the link is on its way."} It works once, for that address, for seven days.
          </Reveal>
        ) : null}
        {inviting ? (
          <InviteForm
            role={me.role}
            onCancel={() => setInviting(false)}
            onInvited={(made) => {
              setInviting(false);
              setInvited(made);
              void invitations.reload();
            }}
          />
        ) : (
          <div className={rows.actions}>
            <Button icon="plus" onClick={() => setInviting(true)}>
              Invite somebody
            </Button>
          </div>
        )}
        <Invitations loaded={invitations} onRevoke={(id) => change(() => berth.invitations.revoke(id))} />
      </div>
    </Section>
  );
}
