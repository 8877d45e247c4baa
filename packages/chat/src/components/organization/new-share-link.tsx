/** Makes a link to a session: what it lets people do, until when, and how often. */
import { useState, type FormEvent } from "react";
import type { CreatedShareLink, SessionClient } from "@berth/sdk";
import { LINK_LIVES, SHARE_ROLE_WORDS, type LinkRole } from "../../lib/share-words.ts";
import { useAct } from "../../lib/use-act.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { FormError } from "../form-error.tsx";
import css from "../form-card.module.css";

const FIELDS = ["/role", "/expiresInHours", "/usesMax"];

export interface NewShareLinkProps {
  readonly session: SessionClient;
  readonly onCancel: () => void;
  readonly onMade: (link: CreatedShareLink) => void;
}

export function NewShareLink({ session, onCancel, onMade }: NewShareLinkProps) {
  const [role, setRole] = useState<LinkRole>("viewer");
  const [hours, setHours] = useState(24);
  const [uses, setUses] = useState("10");
  const { busy, error, run } = useAct();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void run(async () => onMade(await session.createShareLink({ role, expiresInHours: hours, usesMax: Number(uses) })));
  };
  return (
    <form className={css.card} aria-label="Make a link" onSubmit={submit}>
      <Field label="Whoever opens it" hint={SHARE_ROLE_WORDS[role]} error={error?.fields["/role"]}>
        {(control) => (
          <select {...control} value={role} onChange={(event) => setRole(event.target.value as LinkRole)}>
            <option value="viewer">is a viewer</option>
            <option value="collaborator">is a collaborator</option>
          </select>
        )}
      </Field>
      <Field label="Good for" error={error?.fields["/expiresInHours"]}>
        {(control) => (
          <select {...control} value={hours} onChange={(event) => setHours(Number(event.target.value))}>
            {LINK_LIVES.map((life) => (
              <option key={life.hours} value={life.hours}>
                {life.label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Uses" hint="Opening it counts as one, and lasts for an hour." error={error?.fields["/usesMax"]}>
        {(control) => <input {...control} type="number" required min="1" max="1000" step="1" value={uses} onChange={(event) => setUses(event.target.value)} />}
      </Field>
      <FormError error={error} fields={FIELDS} />
      <div className={css.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy}>
          Make the link
        </Button>
      </div>
    </form>
  );
}
