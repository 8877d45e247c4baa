/** Invitations that nobody has accepted yet. */
import type { Invitation } from "@berth/sdk";
import { day } from "../../lib/format.ts";
import type { Loaded } from "../../lib/use-load.ts";
import { ConfirmButton } from "../confirm-button.tsx";
import { LoadList } from "../load-list.tsx";
import rows from "../rows.module.css";

export interface InvitationsProps {
  readonly loaded: Loaded<readonly Invitation[]>;
  readonly onRevoke: (id: string) => Promise<void>;
}

export function Invitations({ loaded, onRevoke }: InvitationsProps) {
  return (
    <LoadList
      label="Invitations that wait"
      heading="Invitations that wait"
      loaded={loaded}
      empty="No invitation waits for an answer."
      renderRow={({ id, email, role, expiresAt }) => (
        <li key={id}>
          <div className={rows.text}>
            <strong>{email}</strong>
            <span>
              as {role} · until {day(expiresAt)}
            </span>
          </div>
          <ConfirmButton label={`Revoke the invitation of ${email}`} confirm="Revoke" onConfirm={() => onRevoke(id)} />
        </li>
      )}
    />
  );
}
