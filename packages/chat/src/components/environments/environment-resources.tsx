/** What an environment's sandboxes may use up. */
import type { ResourcesDraft } from "../../lib/environment-resources.ts";
import { Field } from "../../ui/field.tsx";
import field from "../../ui/field.module.css";
import css from "./environment-form.module.css";

export interface EnvironmentResourcesProps {
  readonly resources: ResourcesDraft;
  /** What was refused, by pointer. */
  readonly fields: Readonly<Record<string, string>>;
  readonly onChange: (resources: ResourcesDraft) => void;
}

export function EnvironmentResources({ resources, fields, onChange }: EnvironmentResourcesProps) {
  const { memoryMb, cpus } = resources;
  return (
    <fieldset className={css.group}>
      <legend>At most, for each sandbox</legend>
      <div className={css.resources}>
        <Field label="Memory in MB" error={fields["/resources/memoryMb"]}>
          {(control) => <input {...control} type="number" inputMode="numeric" min={256} max={1_048_576} placeholder="as usual" value={memoryMb} onChange={(event) => onChange({ ...resources, memoryMb: event.target.value })} />}
        </Field>
        <Field label="Processors" error={fields["/resources/cpus"]}>
          {(control) => <input {...control} type="number" inputMode="decimal" min={0.1} max={512} step="any" placeholder="as usual" value={cpus} onChange={(event) => onChange({ ...resources, cpus: event.target.value })} />}
        </Field>
      </div>
      <p className={field.hint}>Kept in containers and at Modal. Sandboxes that are processes of the machine have no bounds.</p>
    </fieldset>
  );
}
