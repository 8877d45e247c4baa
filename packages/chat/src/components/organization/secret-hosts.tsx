/** The hosts to which Berth sends a secret, and in which header. */
import { Button, IconButton } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import css from "./secret-hosts.module.css";

export interface HostDraft {
  /** Of the row, which has no other name. */
  readonly key: number;
  readonly host: string;
  readonly header: string;
  readonly prefix: string;
}

export interface SecretHostsProps {
  readonly hosts: readonly HostDraft[];
  /** What was refused, by pointer. */
  readonly fields: Readonly<Record<string, string>>;
  readonly onChange: (hosts: readonly HostDraft[]) => void;
}

export function SecretHosts({ hosts, fields, onChange }: SecretHostsProps) {
  const set = (key: number, change: Partial<HostDraft>): void => onChange(hosts.map((each) => (each.key === key ? { ...each, ...change } : each)));
  const add = (): void => onChange([...hosts, { key: Math.max(0, ...hosts.map(({ key }) => key)) + 1, host: "", header: "Authorization", prefix: "Bearer " }]);
  return (
    <fieldset className={css.hosts} aria-invalid={fields["/hosts"] ? true : undefined}>
      <legend>Sent to hosts</legend>
      {hosts.map(({ key, host, header, prefix }, at) => (
        <div key={key} className={css.host}>
          <Field label="Host" error={fields[`/hosts/${at}/host`]}>
            {(control) => <input {...control} required maxLength={260} placeholder="api.example.com" autoComplete="off" spellCheck={false} value={host} onChange={(event) => set(key, { host: event.target.value })} />}
          </Field>
          <Field label="Header" error={fields[`/hosts/${at}/header`]}>
            {(control) => <input {...control} required maxLength={64} autoComplete="off" spellCheck={false} value={header} onChange={(event) => set(key, { header: event.target.value })} />}
          </Field>
          <Field label="Before the value" error={fields[`/hosts/${at}/prefix`]}>
            {(control) => <input {...control} maxLength={64} autoComplete="off" spellCheck={false} value={prefix} onChange={(event) => set(key, { prefix: event.target.value })} />}
          </Field>
          <IconButton icon="trash" label={`Leave out ${host || "this host"}`} onClick={() => onChange(hosts.filter((each) => each.key !== key))} />
        </div>
      ))}
      {fields["/hosts"] ? <p className={css.error}>{fields["/hosts"]} Name a host, or let the agent read it.</p> : null}
      <div>
        <Button size="s" icon="plus" disabled={hosts.length >= 20} onClick={add}>
          Add a host
        </Button>
      </div>
    </fieldset>
  );
}
