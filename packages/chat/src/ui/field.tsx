/** A labelled form field with its hint and its error, tied together for screen readers. */
import { useId, type ReactNode } from "react";
import css from "./field.module.css";

export interface FieldControl {
  readonly id: string;
  readonly className: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": boolean | undefined;
}

export interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  /** Gives the control the attributes that tie it to its label. */
  readonly children: (control: FieldControl) => ReactNode;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const note = `${id}-note`;
  const hasNote = Boolean(error ?? hint);
  return (
    <div className={css.field}>
      <label htmlFor={id} className={css.label}>
        {label}
      </label>
      {children({ id, className: css.control ?? "", "aria-describedby": hasNote ? note : undefined, "aria-invalid": error ? true : undefined })}
      {hasNote ? (
        <p id={note} className={error ? css.error : css.hint}>
          {error ?? hint}
        </p>
      ) : null}
    </div>
  );
}
