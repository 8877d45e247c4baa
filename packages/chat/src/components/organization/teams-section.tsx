/** Groups with whom a session can be shared at once. */
import { useCallback, useState } from "react";
import type { Berth } from "@berth/sdk";
import { useAccount } from "../../lib/account-context.tsx";
import { useBerth } from "../../lib/berth-context.tsx";
import { may } from "../../lib/rights.ts";
import { useAct } from "../../lib/use-act.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { LoadList } from "../load-list.tsx";
import { Section } from "../section.tsx";
import { NewTeam } from "./new-team.tsx";
import type { Principal } from "./team-people.tsx";
import { TeamRow } from "./team-row.tsx";
import rows from "../rows.module.css";

const ABOUT = "A session that is shared with a team is shared with everybody in it, for as long as they are in it.";

export function TeamsSection() {
  const { me } = useAccount();
  if (may(me, "sessions:write")) return <Teams />;
  return (
    <Section title="Teams" about={ABOUT}>
      <Notice tone="info">Your role ({me.role}) watches sessions and does not see the teams. Ask an owner or admin for another role.</Notice>
    </Section>
  );
}

function Teams() {
  const berth = useBerth();
  const { me } = useAccount();
  const manages = may(me, "admin");
  const loaded = useLoad(
    useCallback(async () => {
      const [teams, principals] = await Promise.all([berth.teams.list().all(), readPrincipals(berth, manages)]);
      return { teams, principals };
    }, [berth, manages]),
  );
  const [adding, setAdding] = useState(false);
  const { error, run } = useAct();
  const manage = (id: string) => ({
    rename: async (name: string): Promise<void> => {
      await berth.teams.rename(id, name);
      await loaded.reload();
    },
    remove: async (): Promise<void> => {
      await run(() => berth.teams.remove(id));
      // Also after a refusal: what is shown may be what was refused.
      await loaded.reload();
    },
  });
  const principals = loaded.data?.principals ?? [];
  return (
    <Section title="Teams" about={ABOUT}>
      <div className={rows.rows}>
        <LoadList
          label="Teams"
          loaded={{ ...loaded, data: loaded.data?.teams }}
          empty="No teams yet."
          renderRow={(team) => <TeamRow key={team.id} team={team} principals={principals} {...(manages ? { manage: manage(team.id) } : {})} />}
        />
        {error ? <ErrorNotice error={error} /> : null}
        {manages ? null : <Notice tone="info">Only an owner or admin makes teams and changes who is in them. You are a {me.role}.</Notice>}
        {adding ? (
          <NewTeam
            onCancel={() => setAdding(false)}
            onCreated={() => {
              setAdding(false);
              void loaded.reload();
            }}
          />
        ) : null}
        {manages && !adding ? (
          <div className={rows.actions}>
            <Button icon="plus" onClick={() => setAdding(true)}>
              Create a team
            </Button>
          </div>
        ) : null}
      </div>
    </Section>
  );
}

async function readPrincipals(berth: Berth, manages: boolean): Promise<readonly Principal[]> {
  const [members, accounts] = await Promise.all([berth.members.list().all(), manages ? berth.serviceAccounts.list().all() : []]);
  return [...members.map(({ userId, name, email }) => ({ id: userId, name, about: email })), ...accounts.map(({ id, name }) => ({ id, name, about: "service account" }))];
}
