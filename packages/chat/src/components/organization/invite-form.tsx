/** Asks somebody in, by their address. */
import { useState, type FormEvent } from "react";
import type { CreatedInvitation, Role } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { ROLE_WORDS, rolesGivenBy } from "../../lib/rights.ts";
import { useAct } from "../../lib/use-act.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { FormError } from "../form-error.tsx";
import css from "../form-card.module.css";

export interface InviteFormProps {
  /** Of who invites. */
  readonly role: Role;
  readonly onCancel: () => void;
  readonly onInvited: (invitation: CreatedInvitation) => void;
}

export function InviteForm({ role: own, onCancel, onInvited }: InviteFormProps) {
  const berth = useBerth();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("member");
  const { busy, error, run } = useAct();
  const invite = (event: FormEvent): void => {
    event.preventDefault();
    void run(async () => onInvited(await berth.invitations.create({ email: email.trim(), role })));
  };
  return (
    <form className={css.card} aria-label="Invite somebody" onSubmit={invite}>
      <Field label="E-mail address" hint="The invitation works for this address only." error={error?.fields["/email"]}>
        {(control) => <input {...control} type="email" required autoFocus maxLength={254} placeholder="ada@example.com" autoComplete="off" value={email} onChange={(event) => setEmail(event.target.value)} />}
      </Field>
      <Field label="Role" hint={rolesGivenBy(own).includes("owner") ? ROLE_WORDS[role] : `${ROLE_WORDS[role]} Only an owner invites an owner.`} error={error?.fields["/role"]}>
        {(control) => (
          <select {...control} value={role} onChange={(event) => setRole(event.target.value as Role)}>
            {rolesGivenBy(own).map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        )}
      </Field>
      <FormError error={error} fields={["/email", "/role"]} />
      <div className={css.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={email.trim() === ""}>
          Invite
        </Button>
      </div>
    </form>
  );
}
