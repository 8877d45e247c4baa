/** Variables of an environment, row by row. */
import { namedTwice, type VariableDraft } from "../../lib/environment-words.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import field from "../../ui/field.module.css";
import css from "./environment-form.module.css";

const MANY = 200;

export interface EnvironmentVariablesProps {
  readonly variables: readonly VariableDraft[];
  /** What was refused, by pointer. */
  readonly fields: Readonly<Record<string, string>>;
  readonly onChange: (variables: readonly VariableDraft[]) => void;
}

export function EnvironmentVariables({ variables, fields, onChange }: EnvironmentVariablesProps) {
  const twice = namedTwice(variables);
  const set = (key: number, change: Partial<VariableDraft>): void => onChange(variables.map((each) => (each.key === key ? { ...each, ...change } : each)));
  const add = (): void => onChange([...variables, { key: Math.max(0, ...variables.map(({ key }) => key)) + 1, name: "", value: "" }]);
  return (
    <fieldset className={css.group} aria-invalid={fields["/variables"] ? true : undefined}>
      <legend>Variables</legend>
      {variables.map(({ key, name, value }) => (
        <div key={key} className={css.variable}>
          <Field label="Name" error={twice.has(name) ? "This name is listed twice." : fields[`/variables/${name}`]}>
            {(control) => <input {...control} required maxLength={64} placeholder="APP_MODE" autoComplete="off" autoCapitalize="off" spellCheck={false} value={name} onChange={(event) => set(key, { name: event.target.value.toUpperCase() })} />}
          </Field>
          <Field label="Value">{(control) => <input {...control} maxLength={8_192} autoComplete="off" autoCapitalize="off" spellCheck={false} value={value} onChange={(event) => set(key, { value: event.target.value })} />}</Field>
          <IconButton icon="trash" label={`Leave out ${name || "this variable"}`} onClick={() => onChange(variables.filter((each) => each.key !== key))} />
        </div>
      ))}
      {fields["/variables"] ? <p className={field.error}>{fields["/variables"]}</p> : <p className={field.hint}>Everybody in the organization reads them. What is secret belongs into Secrets, where it can be for one environment.</p>}
      <div>
        <Button size="s" icon="plus" disabled={variables.length >= MANY} onClick={add}>
          Add a variable
        </Button>
      </div>
    </fieldset>
  );
}
