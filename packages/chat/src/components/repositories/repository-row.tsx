/** One repository, without its credential. */
import type { Repository } from "@berth/sdk";
import { Badge } from "../../ui/badge.tsx";
import { ConfirmButton } from "../confirm-button.tsx";
import rows from "../rows.module.css";

type Rights = Repository["rights"];

/** Whose rights at the repository's host count. */
const RIGHTS: Readonly<Record<Rights, string>> = { organization: "What the credential may", person: "What each person may there" };

export interface RepositoryRowProps {
  readonly repository: Repository;
  /** Absent for who may not change it. */
  readonly setRights?: (rights: Rights) => Promise<void>;
  readonly remove?: () => Promise<void>;
}

export function RepositoryRow({ repository: { name, url, hasCredential, canPush, defaultBranch, rights }, setRights, remove }: RepositoryRowProps) {
  return (
    <li>
      <div className={rows.text}>
        <strong>{name}</strong>
        <span>{url}</span>
        <span>{[defaultBranch === null ? "no commits yet" : `begins on ${defaultBranch}`, hasCredential ? "credential saved" : "no credential"].join(" · ")}</span>
      </div>
      <div className={rows.actions}>
        {canPush ? null : (
          <Badge tone="warn" icon="warn" title="Its host takes no push with this credential. Sessions can read it.">
            Read only
          </Badge>
        )}
        {setRights && hasCredential ? (
          <select className={rows.control} aria-label={`Whose rights count for ${name}`} value={rights} onChange={(event) => void setRights(event.target.value as Rights)}>
            {Object.entries(RIGHTS).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        ) : null}
        {remove ? <ConfirmButton label={`Remove ${name}`} confirm="Remove" onConfirm={remove} /> : null}
      </div>
    </li>
  );
}
