/** Shares a session with a member or a team. */
import { useState, type FormEvent } from "react";
import { SHARE_ROLE_WORDS, type LinkRole } from "../../lib/share-words.ts";
import { useAct } from "../../lib/use-act.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { FormError } from "../form-error.tsx";
import css from "../form-card.module.css";

export interface Candidate {
  readonly with: "member" | "team";
  readonly id: string;
  readonly name: string;
}

export interface ShareFormProps {
  readonly candidates: readonly Candidate[];
  readonly onCancel: () => void;
  readonly onShare: (who: Candidate, role: LinkRole) => Promise<void>;
}

export function ShareForm({ candidates, onCancel, onShare }: ShareFormProps) {
  const [chosen, setChosen] = useState("");
  const [role, setRole] = useState<LinkRole>("collaborator");
  const { busy, error, run } = useAct();
  const who = candidates.find(({ id }) => id === chosen);
  const share = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (who) await run(() => onShare(who, role));
  };
  return (
    <form className={css.card} aria-label="Share with somebody" onSubmit={(event) => void share(event)}>
      <Field label="With" error={error?.fields["/id"]}>
        {(control) => (
          <select {...control} required value={chosen} onChange={(event) => setChosen(event.target.value)}>
            <option value="">Choose a member or a team</option>
            {candidates.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="As" hint={SHARE_ROLE_WORDS[role]} error={error?.fields["/role"]}>
        {(control) => (
          <select {...control} value={role} onChange={(event) => setRole(event.target.value as LinkRole)}>
            <option value="collaborator">collaborator</option>
            <option value="viewer">viewer</option>
          </select>
        )}
      </Field>
      <FormError error={error} fields={["/id", "/role"]} />
      <div className={css.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={!who}>
          Share
        </Button>
      </div>
    </form>
  );
}
