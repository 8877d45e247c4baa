/** One member; with the role to choose and the way out for who may. */
import { useState } from "react";
import type { Me, Member, Role } from "@berth/sdk";
import { day } from "../../lib/format.ts";
import { ROLE_WORDS, rolesGivenBy } from "../../lib/rights.ts";
import { Badge } from "../../ui/badge.tsx";
import { ConfirmButton } from "../confirm-button.tsx";
import rows from "../rows.module.css";

export interface MemberRowProps {
  readonly member: Member;
  readonly me: Me;
  readonly manage?: {
    readonly setRole: (role: Role) => Promise<void>;
    readonly remove: () => Promise<void>;
  };
}

export function MemberRow({ member, me, manage }: MemberRowProps) {
  const { name, email, role, joinedAt } = member;
  const isMe = member.userId === me.user?.id;
  const fixed = whyFixed(member, me);
  return (
    <li>
      <div className={rows.text}>
        <strong>
          {name}
          {isMe ? " (you)" : ""}
        </strong>
        <span title={email}>
          {email} · since {day(joinedAt)}
        </span>
      </div>
      <div className={rows.actions}>
        {manage && fixed === null ? (
          <>
            <RoleSelect name={name} role={role} own={me.role} onChange={manage.setRole} />
            <ConfirmButton label={`Remove ${name}`} confirm="Remove" onConfirm={manage.remove} />
          </>
        ) : (
          <Badge title={manage && fixed !== null ? fixed : ROLE_WORDS[role]}>{role}</Badge>
        )}
      </div>
    </li>
  );
}

function whyFixed({ userId, role }: Member, me: Me): string | null {
  if (userId === me.user?.id) return "Another owner or admin changes your role or removes you.";
  return rolesGivenBy(me.role).includes(role) ? null : "Only an owner changes or removes an owner.";
}

interface RoleSelectProps {
  readonly name: string;
  readonly role: Role;
  readonly own: Role;
  readonly onChange: (role: Role) => Promise<void>;
}

function RoleSelect({ name, role, own, onChange }: RoleSelectProps) {
  const [wanted, setWanted] = useState<Role | null>(null);
  const choose = async (next: Role): Promise<void> => {
    setWanted(next);
    await onChange(next);
    setWanted(null);
  };
  return (
    <select className={rows.control} aria-label={`Role of ${name}`} title={ROLE_WORDS[role]} disabled={wanted !== null} value={wanted ?? role} onChange={(event) => void choose(event.target.value as Role)}>
      {rolesGivenBy(own).map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  );
}
