/** Another name for what has one: a team, the organization, oneself. */
import { useState, type FormEvent } from "react";
import { useAct } from "../lib/use-act.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FormError } from "./form-error.tsx";
import form from "./form-card.module.css";

export interface RenameFormProps {
  readonly name: string;
  readonly className: string | undefined;
  readonly rename: (name: string) => Promise<unknown>;
  readonly onDone: () => void;
}

export function RenameForm({ name: before, className, rename, onDone }: RenameFormProps) {
  const [name, setName] = useState(before);
  const { busy, error, run } = useAct();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await run(() => rename(name.trim()))) onDone();
  };
  return (
    <form className={className} aria-label={`Rename ${before}`} onSubmit={(event) => void submit(event)}>
      <Field label="New name" error={error?.fields["/name"]}>
        {(control) => <input {...control} required autoFocus maxLength={100} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} onFocus={(event) => event.target.select()} />}
      </Field>
      <FormError error={error} fields={["/name"]} />
      <div className={form.actions}>
        <Button size="s" onClick={onDone}>
          Cancel
        </Button>
        <Button size="s" kind="primary" type="submit" busy={busy} disabled={name.trim() === "" || name.trim() === before}>
          Rename
        </Button>
      </div>
    </form>
  );
}
