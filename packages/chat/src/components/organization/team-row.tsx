/** One team: how many are in it, and who, once it is opened. */
import { useCallback, useState } from "react";
import type { Team } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { useLoad } from "../../lib/use-load.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { ConfirmButton } from "../confirm-button.tsx";
import { RenameForm } from "../rename-form.tsx";
import { TeamPeople, type Principal } from "./team-people.tsx";
import rows from "../rows.module.css";
import within from "./team-people.module.css";
import css from "./team-row.module.css";

export interface TeamRowProps {
  readonly team: Team;
  readonly principals: readonly Principal[];
  /** Absent for who may not change it. */
  readonly manage?: {
    readonly rename: (name: string) => Promise<void>;
    readonly remove: () => Promise<void>;
  };
}

export function TeamRow({ team, principals, manage }: TeamRowProps) {
  const berth = useBerth();
  const people = useLoad(useCallback(() => berth.teams.members(team.id).all(), [berth, team.id]));
  const [open, setOpen] = useState(false);
  const [renaming, setRenaming] = useState(false);
  const count = people.data?.length;
  return (
    <li className={css.team}>
      <div className={`${rows.text} ${css.name}`}>
        <strong>{team.name}</strong>
        <span>{people.error ? "its members could not be read" : count === undefined ? "…" : count === 1 ? "1 member" : `${count} members`}</span>
      </div>
      <div className={rows.actions}>
        <Button size="s" kind="quiet" icon="people" aria-expanded={open} aria-label={`Members of ${team.name}`} onClick={() => setOpen(!open)}>
          Members
        </Button>
        {manage ? (
          <>
            <IconButton icon="pencil" label={`Rename the team ${team.name}`} aria-expanded={renaming} onClick={() => setRenaming(!renaming)} />
            <ConfirmButton label={`Delete the team ${team.name}`} confirm="Delete" onConfirm={manage.remove} />
          </>
        ) : null}
      </div>
      {renaming && manage ? <RenameForm className={within.people} name={team.name} rename={manage.rename} onDone={() => setRenaming(false)} /> : null}
      {open ? <TeamPeople team={team} people={people} principals={principals} manages={manage !== undefined} /> : null}
    </li>
  );
}
