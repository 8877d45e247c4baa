/** What of a repository a session begins from. */
import type { Repository } from "@berth/sdk";
import { Field } from "../../ui/field.tsx";

export interface RefFieldProps {
  readonly repository: Repository;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function RefField({ repository: { canPush, defaultBranch }, value, onChange }: RefFieldProps) {
  const hint = `The agent works on a clone, on a branch of its own${canPush ? "" : ", which its host lets nobody push"}.`;
  return (
    <Field label="Branch, tag or commit to begin from (optional)" hint={hint}>
      {(control) => (
        <input {...control} maxLength={255} placeholder={defaultBranch ?? ""} autoComplete="off" autoCapitalize="off" spellCheck={false} value={value} onChange={(event) => onChange(event.target.value)} />
      )}
    </Field>
  );
}
