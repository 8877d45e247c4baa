/** Makes a key for the API. */
import { useState, type FormEvent } from "react";
import type { CreatedApiKey, Scope } from "@berth/sdk";
import { useBerth } from "../lib/berth-context.tsx";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import css from "./form-card.module.css";

const LIFETIMES: readonly { readonly days: number | null; readonly label: string }[] = [
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "One year" },
  { days: null, label: "Does not expire" },
];

const USES: readonly { readonly label: string; readonly scopes: readonly Scope[] }[] = [
  { label: "Work with sessions", scopes: ["sessions:read", "sessions:write", "runs:read"] },
  { label: "Only read", scopes: ["sessions:read", "runs:read"] },
  { label: "Everything you may do", scopes: ["admin"] },
];

export interface NewApiKeyProps {
  readonly onCancel: () => void;
  readonly onCreated: (key: CreatedApiKey) => void;
}

export function NewApiKey({ onCancel, onCreated }: NewApiKeyProps) {
  const berth = useBerth();
  const [name, setName] = useState("");
  const [days, setDays] = useState<number | null>(90);
  const [use, setUse] = useState(0);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const create = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onCreated(await berth.apiKeys.create({ name: name.trim(), expiresInDays: days, scopes: [...(USES[use]?.scopes ?? [])] }));
    } catch (failure) {
      setError(toMessage(failure));
      setBusy(false);
    }
  };
  return (
    <form className={css.card} onSubmit={(event) => void create(event)}>
      <Field label="Name" hint="Where it will be used, so that you know which one to revoke." error={error?.fields["/name"]}>
        {(control) => <input {...control} required autoFocus maxLength={64} placeholder="CI" value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Lifetime">
        {(control) => (
          <select {...control} value={String(days)} onChange={(event) => setDays(event.target.value === "null" ? null : Number(event.target.value))}>
            {LIFETIMES.map((lifetime) => (
              <option key={lifetime.label} value={String(lifetime.days)}>
                {lifetime.label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="What it is for" hint="A key with other scopes can be made by the API.">
        {(control) => (
          <select {...control} value={use} onChange={(event) => setUse(Number(event.target.value))}>
            {USES.map(({ label }, index) => (
              <option key={label} value={index}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {error && !error.fields["/name"] ? <ErrorNotice error={error} /> : null}
      <div className={css.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={name.trim() === ""}>
          Create
        </Button>
      </div>
    </form>
  );
}
