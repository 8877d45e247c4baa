/** Ports that an environment's sessions serve, row by row. */
import { PORTS_MAX, portsTwice, type PortDraft } from "../../lib/environment-ports.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import field from "../../ui/field.module.css";
import css from "./environment-form.module.css";

export interface EnvironmentPortsProps {
  readonly ports: readonly PortDraft[];
  /** What was refused, by pointer. */
  readonly fields: Readonly<Record<string, string>>;
  readonly onChange: (ports: readonly PortDraft[]) => void;
}

export function EnvironmentPorts({ ports, fields, onChange }: EnvironmentPortsProps) {
  const twice = portsTwice(ports);
  const set = (key: number, change: Partial<PortDraft>): void => onChange(ports.map((each) => (each.key === key ? { ...each, ...change } : each)));
  const add = (): void => onChange([...ports, { key: Math.max(0, ...ports.map(({ key }) => key)) + 1, port: "", name: "" }]);
  return (
    <fieldset className={css.group} aria-invalid={fields["/ports"] ? true : undefined}>
      <legend>Ports</legend>
      {ports.map(({ key, port, name }, at) => (
        <div key={key} className={css.port}>
          <Field label="Port" error={twice.has(port) ? "This port is listed twice." : fields[`/ports/${at}/port`]}>
            {(control) => <input {...control} required type="number" inputMode="numeric" min={1} max={65_535} placeholder="5173" value={port} onChange={(event) => set(key, { port: event.target.value })} />}
          </Field>
          <Field label="What it is" error={twice.has(name) ? "This name is listed twice." : fields[`/ports/${at}/name`]}>
            {(control) => <input {...control} required maxLength={32} placeholder="web" autoComplete="off" autoCapitalize="off" spellCheck={false} value={name} onChange={(event) => set(key, { name: event.target.value })} />}
          </Field>
          <IconButton icon="trash" label={`Leave out ${name || "this port"}`} onClick={() => onChange(ports.filter((each) => each.key !== key))} />
        </div>
      ))}
      {fields["/ports"] ? <p className={field.error}>{fields["/ports"]}</p> : <p className={field.hint}>What its sessions serve: offered by these names in their previews, also before anything listens.</p>}
      <div>
        <Button size="s" icon="plus" disabled={ports.length >= PORTS_MAX} onClick={add}>
          Add a port
        </Button>
      </div>
    </fieldset>
  );
}
