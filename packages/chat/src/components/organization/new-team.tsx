/** Makes a team, by its name. */
import { useState, type FormEvent } from "react";
import { useBerth } from "../../lib/berth-context.tsx";
import { useAct } from "../../lib/use-act.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { FormError } from "../form-error.tsx";
import css from "../form-card.module.css";

export interface NewTeamProps {
  readonly onCancel: () => void;
  readonly onCreated: () => void;
}

export function NewTeam({ onCancel, onCreated }: NewTeamProps) {
  const berth = useBerth();
  const [name, setName] = useState("");
  const { busy, error, run } = useAct();
  const create = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await run(() => berth.teams.create({ name: name.trim() }))) onCreated();
  };
  return (
    <form className={css.card} aria-label="Create a team" onSubmit={(event) => void create(event)}>
      <Field label="Name" error={error?.fields["/name"]}>
        {(control) => <input {...control} required autoFocus maxLength={100} placeholder="Payments" autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <FormError error={error} fields={["/name"]} />
      <div className={css.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={name.trim() === ""}>
          Create
        </Button>
      </div>
    </form>
  );
}
