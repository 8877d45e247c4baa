/** Which repository of the organization a new session is on. */
import type { Repository } from "@berth/sdk";
import { Choice } from "../../ui/choice.tsx";

export interface RepositoryPickerProps {
  readonly repositories: readonly Repository[];
  /** Id; null for none. */
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
}

export function RepositoryPicker({ repositories, value, onChange }: RepositoryPickerProps) {
  return (
    <Choice label="Repository that the session works on" testId="repository-picker" value={value ?? ""} onChange={(chosen) => onChange(chosen === "" ? null : chosen)}>
      <option value="">No repository</option>
      {repositories.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Choice>
  );
}
