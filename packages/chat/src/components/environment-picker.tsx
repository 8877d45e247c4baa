/** Which environment a new session is in. */
import type { EnvironmentChoices } from "../lib/environment-words.ts";
import { Choice } from "../ui/choice.tsx";

/** An id; null for none; undefined for the one that the repository has. */
export type ChosenEnvironment = string | null | undefined;

export interface EnvironmentPickerProps {
  readonly choices: EnvironmentChoices;
  readonly value: ChosenEnvironment;
  readonly onChange: (value: ChosenEnvironment) => void;
}

const NONE = "none";

export function EnvironmentPicker({ choices: { own, others }, value, onChange }: EnvironmentPickerProps) {
  const choose = (chosen: string): void => onChange(chosen === "" ? undefined : chosen === NONE ? null : chosen);
  return (
    <Choice label="Environment that the session begins with" testId="environment-picker" value={value === null ? NONE : (value ?? "")} onChange={choose}>
      <option value="">{own ? `${own.name} (of this repository)` : "No environment"}</option>
      {others.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
      {own ? <option value={NONE}>No environment</option> : null}
    </Choice>
  );
}
