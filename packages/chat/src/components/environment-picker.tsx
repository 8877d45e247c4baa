/** Which environment a new session is in. */
import type { EnvironmentChoices } from "../lib/environment-words.ts";
import { Icon } from "../ui/icon.tsx";
import css from "./model-picker.module.css";

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
    <label className={css.picker}>
      <span className="hidden-text">Environment that the session begins with</span>
      <select data-testid="environment-picker" value={value === null ? NONE : (value ?? "")} onChange={(event) => choose(event.target.value)}>
        <option value="">{own ? `${own.name} (of this repository)` : "No environment"}</option>
        {others.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        {own ? <option value={NONE}>No environment</option> : null}
      </select>
      <Icon name="chevron" size={14} />
    </label>
  );
}
