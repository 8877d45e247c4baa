/** Whose sessions a secret is for. */
import { useCallback } from "react";
import type { CreateSecret, Me } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { may } from "../../lib/rights.ts";
import { useLoad, type Loaded } from "../../lib/use-load.ts";
import { Field } from "../../ui/field.tsx";

export interface ScopeDraft {
  readonly kind: "org" | "repo" | "environment" | "user";
  /** Name of the repository or id of the environment; empty while none is chosen. */
  readonly of: string;
}

export function scopeOf({ kind, of }: ScopeDraft): NonNullable<CreateSecret["scope"]> {
  if (kind === "repo") return { kind, repo: of };
  return kind === "environment" ? { kind, environment: of } : { kind };
}

const OWN = "Used in your runs of sessions that nobody else has worked in, from the first word of somebody else on in none. The agent can read it only where nobody else can write: in private sessions, and in all while the organization has no other members; owners and admins are not counted.";

export interface SecretScopeFieldsProps {
  readonly me: Me;
  readonly draft: ScopeDraft;
  readonly error: string | undefined;
  readonly onChange: (draft: ScopeDraft) => void;
}

export function SecretScopeFields({ me, draft, error, onChange }: SecretScopeFieldsProps) {
  const isAdmin = may(me, "admin");
  const hint = draft.kind === "user" ? OWN : isAdmin ? undefined : "Only an owner or admin keeps secrets for the organization, a repository or an environment.";
  const isOfOne = draft.kind === "repo" || draft.kind === "environment";
  const choose = (of: string): void => onChange({ ...draft, of });
  return (
    <>
      <Field label="For" hint={hint} error={isOfOne ? undefined : error}>
        {(control) => (
          <select {...control} value={draft.kind} onChange={(event) => onChange({ kind: event.target.value as ScopeDraft["kind"], of: "" })}>
            <option value="org" disabled={!isAdmin}>
              All sessions of the organization
            </option>
            <option value="repo" disabled={!isAdmin}>
              Sessions on one repository
            </option>
            <option value="environment" disabled={!isAdmin}>
              Sessions in one environment
            </option>
            {me.user ? <option value="user">Only runs that I ask for</option> : null}
          </select>
        )}
      </Field>
      {draft.kind === "repo" ? <RepositoryField value={draft.of} error={error} onChange={choose} /> : null}
      {draft.kind === "environment" ? <EnvironmentField value={draft.of} error={error} onChange={choose} /> : null}
    </>
  );
}

interface OneFieldProps {
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (value: string) => void;
}

function RepositoryField(props: OneFieldProps) {
  const berth = useBerth();
  const loaded = useLoad(useCallback(async () => (await berth.repos.list().all()).map(({ name }) => ({ value: name, name })), [berth]));
  return <OneField {...props} label="Repository" none="The organization has no repository yet; one is added by the API." loaded={loaded} />;
}

function EnvironmentField(props: OneFieldProps) {
  const berth = useBerth();
  const loaded = useLoad(useCallback(async () => (await berth.environments.list().all()).map(({ id, name }) => ({ value: id, name })), [berth]));
  return <OneField {...props} label="Environment" none="The organization has no environment yet; one is added in Environments." loaded={loaded} />;
}

interface Choice {
  readonly value: string;
  readonly name: string;
}

function OneField({ label, none, loaded, value, error, onChange }: OneFieldProps & { readonly label: string; readonly none: string; readonly loaded: Loaded<readonly Choice[]> }) {
  const hint = loaded.error?.text ?? (loaded.data?.length === 0 ? none : undefined);
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <select {...control} required value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">Choose one</option>
          {loaded.data?.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
