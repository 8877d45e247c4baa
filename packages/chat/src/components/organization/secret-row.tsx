/** One secret, without its value. */
import { useState, type FormEvent } from "react";
import type { Secret } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { lastUse, reachOf } from "../../lib/secret-words.ts";
import { useAct } from "../../lib/use-act.ts";
import { useNow } from "../../lib/use-now.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { ConfirmButton } from "../confirm-button.tsx";
import { FormError } from "../form-error.tsx";
import { SecretValue } from "./secret-value.tsx";
import rows from "../rows.module.css";
import form from "../form-card.module.css";
import css from "./secret-row.module.css";

export interface SecretRowProps {
  readonly secret: Secret;
  /** Absent for who may give it no other value. */
  readonly onReplaced?: () => void;
  /** Absent for who may not remove it. */
  readonly remove?: () => Promise<void>;
}

export function SecretRow({ secret, onReplaced, remove }: SecretRowProps) {
  const now = useNow(30_000);
  const [replacing, setReplacing] = useState(false);
  const { id, name, readableByAgent, hosts, lastUsedAt } = secret;
  return (
    <li>
      <div className={rows.text}>
        <strong>
          <code>{name}</code>
        </strong>
        <span title={hosts.map(({ host, header }) => `${host} (${header})`).join(", ")}>{reachOf(secret)}</span>
        <span>
          <time dateTime={lastUsedAt ?? undefined}>{lastUse(secret, now)}</time>
        </span>
      </div>
      <div className={rows.actions}>
        {readableByAgent ? (
          <Badge tone="warn" icon="warn" title="The agent, and every program it runs, can read the value.">
            Agent can read it
          </Badge>
        ) : (
          <Badge tone="good" icon="shield" title="Berth adds it to requests for its hosts, outside of the sandbox.">
            Hidden from the agent
          </Badge>
        )}
        {remove ? (
          <span className={rows.actions}>
            {onReplaced ? <IconButton icon="pencil" label={`Replace the value of ${name}`} aria-expanded={replacing} onClick={() => setReplacing(!replacing)} /> : null}
            <ConfirmButton label={`Delete ${name}`} confirm="Delete" onConfirm={remove} />
          </span>
        ) : null}
      </div>
      {replacing && onReplaced ? (
        <ReplaceValue
          id={id}
          name={name}
          onClose={() => setReplacing(false)}
          onReplaced={() => {
            setReplacing(false);
            onReplaced();
          }}
        />
      ) : null}
    </li>
  );
}

interface ReplaceValueProps {
  readonly id: string;
  readonly name: string;
  readonly onClose: () => void;
  readonly onReplaced: () => void;
}

function ReplaceValue({ id, name, onClose, onReplaced }: ReplaceValueProps) {
  const berth = useBerth();
  const [value, setValue] = useState("");
  const { busy, error, run } = useAct();
  const replace = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await run(() => berth.secrets.replaceValue(id, value))) onReplaced();
  };
  return (
    <form className={css.replace} aria-label={`Replace the value of ${name}`} onSubmit={(event) => void replace(event)}>
      <SecretValue label="New value" hint="A running agent that can read it has the old one until it starts again." value={value} error={error?.fields["/value"]} onChange={setValue} />
      <FormError error={error} fields={["/value"]} />
      <div className={form.actions}>
        <Button size="s" onClick={onClose}>
          Cancel
        </Button>
        <Button size="s" kind="primary" type="submit" busy={busy} disabled={value === ""}>
          Replace
        </Button>
      </div>
    </form>
  );
}
