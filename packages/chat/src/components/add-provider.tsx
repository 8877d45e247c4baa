/** A new provider: one of the known, or any with an OpenAI-compatible address. */
import { useState, type FormEvent } from "react";
import type { Me } from "@berth/sdk";
import { useBerth } from "../lib/berth-context.tsx";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { PROVIDER_PRESETS, type ProviderPreset } from "../lib/providers.ts";
import { may } from "../lib/rights.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import css from "./form-card.module.css";

const CUSTOM = "custom";
const OWN_HINT = "Goes before the organization's of that name. Once somebody else has a say in a turn, the rest of it goes by the organization's.";

export interface AddProviderProps {
  readonly me: Me;
  readonly onCancel: () => void;
  readonly onAdded: () => Promise<void>;
}

export function AddProvider({ me, onCancel, onAdded }: AddProviderProps) {
  const berth = useBerth();
  const [choice, setChoice] = useState(PROVIDER_PRESETS[0]?.id ?? CUSTOM);
  const preset = PROVIDER_PRESETS.find(({ id }) => id === choice);
  const [name, setName] = useState("");
  const [baseUrl, setBaseUrl] = useState("");
  const [key, setKey] = useState("");
  const [models, setModels] = useState("");
  const isAdmin = may(me, "admin");
  const [scope, setScope] = useState<"org" | "user">(isAdmin ? "org" : "user");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);

  const choose = (id: string): void => {
    setChoice(id);
    setBaseUrl(PROVIDER_PRESETS.find((candidate) => candidate.id === id)?.baseUrl ?? "");
    setError(null);
  };
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await berth.keys.create({ ...request(preset, { name, baseUrl, key, models }), scope: { kind: scope } });
      await onAdded();
    } catch (failure) {
      setError(toMessage(failure));
      setBusy(false);
    }
  };
  const fields = error?.fields ?? {};
  const isFieldError = ["/scope", "/provider", "/baseUrl", "/key", "/models"].some((pointer) => fields[pointer]);
  return (
    <form className={css.card} onSubmit={(event) => void save(event)}>
      <Field label="Provider">
        {(control) => (
          <select {...control} value={choice} onChange={(event) => choose(event.target.value)}>
            {PROVIDER_PRESETS.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
            <option value={CUSTOM}>Custom (OpenAI-compatible)</option>
          </select>
        )}
      </Field>
      <Field label="For" hint={scope === "user" ? OWN_HINT : undefined} error={fields["/scope"]}>
        {(control) => (
          <select {...control} value={scope} onChange={(event) => setScope(event.target.value as typeof scope)}>
            <option value="org" disabled={!isAdmin}>
              All sessions of the organization
            </option>
            {me.user ? <option value="user">My turns of sessions that I alone work in</option> : null}
          </select>
        )}
      </Field>
      {preset ? null : (
        <Field label="Name" hint="Short, lower case; models are then called name/model." error={fields["/provider"]}>
          {(control) => <input {...control} required pattern="[a-z0-9][a-z0-9._\-]*" maxLength={40} placeholder="my-server" autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
      )}
      {preset && preset.baseUrl === "" ? null : (
        <Field label="Base URL" error={fields["/baseUrl"]}>
          {(control) => <input {...control} type="url" required placeholder="https://models.example.com/v1" autoComplete="off" value={baseUrl} onChange={(event) => setBaseUrl(event.target.value)} />}
        </Field>
      )}
      <Field label={preset?.needsKey ? "API key" : "API key (if it needs one)"} error={fields["/key"]}>
        {(control) => <input {...control} type="password" required={preset?.needsKey ?? false} placeholder={preset?.keyHint} autoComplete="off" spellCheck={false} value={key} onChange={(event) => setKey(event.target.value)} />}
      </Field>
      {preset ? null : (
        <Field label="Models (optional)" hint="Names separated by commas, for a server that does not list its models." error={fields["/models"]}>
          {(control) => <input {...control} autoComplete="off" value={models} onChange={(event) => setModels(event.target.value)} />}
        </Field>
      )}
      {error && !isFieldError ? <ErrorNotice error={error} /> : null}
      <div className={css.actions}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy}>
          {busy ? "Testing the key…" : "Test and save"}
        </Button>
      </div>
    </form>
  );
}

interface Entered {
  readonly name: string;
  readonly baseUrl: string;
  readonly key: string;
  readonly models: string;
}

function request(preset: ProviderPreset | undefined, { name, baseUrl, key, models }: Entered) {
  const names = models.split(",").map((model) => model.trim()).filter((model) => model !== "");
  return {
    provider: preset?.id ?? name.trim(),
    kind: preset?.kind ?? ("openai-compatible" as const),
    ...(baseUrl.trim() === "" ? {} : { baseUrl: baseUrl.trim() }),
    ...(key.trim() === "" ? {} : { key: key.trim() }),
    ...(names.length === 0 ? {} : { models: names }),
  };
}
