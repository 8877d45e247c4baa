/** One environment: what it is for and holds, once it is opened in full, and to who may change it as a form. */
import { useState } from "react";
import type { Environment, Repository } from "@berth/sdk";
import { resourcesInWords } from "../../lib/environment-resources.ts";
import { draftsOf, forWhat, whatItHolds } from "../../lib/environment-words.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { ConfirmButton } from "../confirm-button.tsx";
import { EnvironmentForm } from "./environment-form.tsx";
import rows from "../rows.module.css";
import css from "./environment-row.module.css";

export interface EnvironmentRowProps {
  readonly environment: Environment;
  readonly repositories: readonly Repository[];
  /** Absent for who may not change it. */
  readonly onChanged?: () => void;
  readonly remove?: () => Promise<void>;
}

export function EnvironmentRow({ environment, repositories, onChanged, remove }: EnvironmentRowProps) {
  const [open, setOpen] = useState(false);
  const { name } = environment;
  const names = new Map(repositories.map((repository) => [repository.id, repository.name]));
  return (
    <li>
      <div className={rows.text}>
        <strong>{name}</strong>
        <span>{forWhat(environment, names)}</span>
        <span>{whatItHolds(environment)}</span>
      </div>
      <div className={rows.actions}>
        {onChanged && remove ? (
          <>
            <IconButton icon="pencil" label={`Change ${name}`} aria-expanded={open} onClick={() => setOpen(!open)} />
            <ConfirmButton label={`Delete ${name}`} confirm="Delete with its secrets" onConfirm={remove} />
          </>
        ) : (
          <Button size="s" kind="quiet" aria-expanded={open} aria-label={`What ${name} holds`} onClick={() => setOpen(!open)}>
            {open ? "Close" : "Show"}
          </Button>
        )}
      </div>
      {open && onChanged ? (
        <div className={css.open}>
          <EnvironmentForm
            known={environment}
            repositories={repositories}
            onCancel={() => setOpen(false)}
            onSaved={() => {
              setOpen(false);
              onChanged();
            }}
          />
        </div>
      ) : null}
      {open && !onChanged ? <Held environment={environment} /> : null}
    </li>
  );
}

function Held({ environment: { variables, setupScript, ports, resources } }: { readonly environment: Environment }) {
  const lines = draftsOf(variables).map(({ name, value }) => `${name}=${value}`);
  const bounds = resourcesInWords(resources);
  return (
    <div className={css.open}>
      {lines.length === 0 ? null : (
        <pre className={css.text} aria-label="Variables" tabIndex={0}>
          {lines.join("\n")}
        </pre>
      )}
      {bounds === null ? null : <p className={css.none}>{bounds}.</p>}
      {ports.length === 0 ? null : (
        <pre className={css.text} aria-label="Ports" tabIndex={0}>
          {ports.map(({ port, name }) => `${port} ${name}`).join("\n")}
        </pre>
      )}
      {setupScript.trim() === "" ? null : (
        <pre className={css.text} aria-label="Setup script" tabIndex={0}>
          {setupScript}
        </pre>
      )}
      {lines.length === 0 && ports.length === 0 && bounds === null && setupScript.trim() === "" ? <p className={css.none}>It holds nothing yet.</p> : null}
    </div>
  );
}
