/** Who is in a team; with the way in and out for who may. */
import { useState, type FormEvent } from "react";
import type { Team, TeamMember } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { useAct } from "../../lib/use-act.ts";
import type { Loaded } from "../../lib/use-load.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { ConfirmButton } from "../confirm-button.tsx";
import rows from "../rows.module.css";
import css from "./team-people.module.css";

/** Whom a team can hold, with what tells two of the same name apart. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly about: string;
}

export interface TeamPeopleProps {
  readonly team: Team;
  readonly people: Loaded<readonly TeamMember[]>;
  readonly principals: readonly Principal[];
  readonly manages: boolean;
}

/** Only who administers sees service accounts, so others have no name for them. */
const UNNAMED = { name: "A service account", about: "acts by its own keys" };

export function TeamPeople({ team, people, principals, manages }: TeamPeopleProps) {
  const berth = useBerth();
  const { error, run } = useAct();
  const { data, error: unread, reload } = people;
  const change = async (act: () => Promise<void>): Promise<boolean> => {
    const done = await run(act);
    await reload();
    return done;
  };
  const inside = new Set(data?.map(({ principalId }) => principalId));
  return (
    <div className={css.people}>
      {data && data.length > 0 ? (
        <ul aria-label={`Members of ${team.name}`} className={css.list}>
          {data.map(({ principalId }) => {
            const { name, about } = principals.find(({ id }) => id === principalId) ?? UNNAMED;
            return (
              <li key={principalId} className={css.item}>
                <div className={rows.text}>
                  <strong>{name}</strong>
                  <span>{about}</span>
                </div>
                {manages ? <ConfirmButton label={`Take ${name} out of ${team.name}`} confirm="Take out" onConfirm={async () => void (await change(() => berth.teams.removeMember(team.id, principalId)))} /> : null}
              </li>
            );
          })}
        </ul>
      ) : null}
      {data?.length === 0 ? <p className={css.note}>Nobody is in it yet.</p> : null}
      {!data && !unread ? (
        <p className={css.note} aria-busy="true">
          <Spinner /> Loading…
        </p>
      ) : null}
      {unread ? <ErrorNotice error={unread} action={<Button size="s" icon="retry" onClick={() => void reload()}>Try again</Button>} /> : null}
      {error ? <ErrorNotice error={error} /> : null}
      {manages && data ? <AddPerson team={team} outside={principals.filter(({ id }) => !inside.has(id))} add={(id) => change(() => berth.teams.addMember(team.id, id))} /> : null}
    </div>
  );
}

interface AddPersonProps {
  readonly team: Team;
  readonly outside: readonly Principal[];
  /** True when it was done. */
  readonly add: (id: string) => Promise<boolean>;
}

function AddPerson({ team, outside, add }: AddPersonProps) {
  const [chosen, setChosen] = useState("");
  const [busy, setBusy] = useState(false);
  if (outside.length === 0) return <p className={css.note}>Everybody of the organization is in it.</p>;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    if (await add(chosen)) setChosen("");
    setBusy(false);
  };
  return (
    <form className={css.add} aria-label={`Add somebody to ${team.name}`} onSubmit={(event) => void submit(event)}>
      <select className={rows.control} aria-label={`Add to ${team.name}`} value={chosen} onChange={(event) => setChosen(event.target.value)}>
        <option value="">Add somebody…</option>
        {outside.map(({ id, name, about }) => (
          <option key={id} value={id}>
            {name} ({about})
          </option>
        ))}
      </select>
      <Button size="s" type="submit" busy={busy} disabled={chosen === ""}>
        Add
      </Button>
    </form>
  );
}
