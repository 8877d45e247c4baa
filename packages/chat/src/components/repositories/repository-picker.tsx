/** Which repository of the organization a new session is on. */
import type { Repository } from "@berth/sdk";
import { Icon } from "../../ui/icon.tsx";
import css from "../model-picker.module.css";

export interface RepositoryPickerProps {
  readonly repositories: readonly Repository[];
  /** Id; null for none. */
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
}

export function RepositoryPicker({ repositories, value, onChange }: RepositoryPickerProps) {
  return (
    <label className={css.picker}>
      <span className="hidden-text">Repository that the session works on</span>
      <select data-testid="repository-picker" value={value ?? ""} onChange={(event) => onChange(event.target.value === "" ? null : event.target.value)}>
        <option value="">No repository</option>
        {repositories.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <Icon name="chevron" size={14} />
    </label>
  );
}
