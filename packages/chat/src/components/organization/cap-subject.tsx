/** The one person or session that a cap is for. */
import { useCallback } from "react";
import type { Berth } from "@berth/sdk";
import { useBerth } from "../../lib/berth-context.tsx";
import { day } from "../../lib/format.ts";
import { useLoad } from "../../lib/use-load.ts";
import { Field } from "../../ui/field.tsx";

/** The newest ones; a cap for an older one is set by the API. */
const SESSIONS_SHOWN = 200;

export interface CapSubjectProps {
  readonly one: "person" | "session";
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (subject: string) => void;
}

export function CapSubject({ one, value, error, onChange }: CapSubjectProps) {
  const berth = useBerth();
  const { data, error: unread } = useLoad(useCallback(() => (one === "person" ? people(berth) : sessions(berth)), [berth, one]));
  const none = data?.length === 0 ? `There is no ${one} yet.` : data ? undefined : "Loading…";
  return (
    <Field label={one === "person" ? "Person" : "Session"} hint={none} error={error ?? unread?.text}>
      {(control) => (
        <select {...control} required disabled={!data} value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">Choose one</option>
          {data?.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface Subject {
  readonly id: string;
  readonly name: string;
}

async function people(berth: Berth): Promise<readonly Subject[]> {
  return (await berth.members.list().all()).map(({ userId, name, email }) => ({ id: userId, name: `${name} (${email})` }));
}

async function sessions(berth: Berth): Promise<readonly Subject[]> {
  const { data } = await berth.sessions.list().page({ limit: SESSIONS_SHOWN });
  return data.map(({ id, title, createdAt }) => ({ id, name: `${title} (${day(createdAt)})` }));
}
