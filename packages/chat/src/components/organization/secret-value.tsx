/** A value that is written and not shown, of one line or several. */
import { Field } from "../../ui/field.tsx";
import css from "./secret-value.module.css";

export interface SecretValueProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (value: string) => void;
}

export function SecretValue({ label, hint, value, error, onChange }: SecretValueProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <textarea {...control} className={`${control.className} ${css.value}`} required rows={2} maxLength={16_384} autoComplete="off" autoCapitalize="off" spellCheck={false} value={value} onChange={(event) => onChange(event.target.value)} />
      )}
    </Field>
  );
}
