/** What a form's request was refused with, unless all of it stands beside fields. */
import type { ErrorMessage } from "../lib/error-message.ts";
import { ErrorNotice } from "../ui/notice.tsx";

export interface FormErrorProps {
  readonly error: ErrorMessage | null;
  /** Pointers whose words a field of the form shows. */
  readonly fields: readonly string[];
}

export function FormError({ error, fields }: FormErrorProps) {
  if (!error) return null;
  const pointers = Object.keys(error.fields);
  const isBeside = pointers.length > 0 && pointers.every((pointer) => fields.includes(pointer));
  return isBeside ? null : <ErrorNotice error={error} />;
}
