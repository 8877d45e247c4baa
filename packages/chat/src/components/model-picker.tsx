/** Which model, by provider. */
import type { Model } from "@berth/sdk";
import { providerLabel } from "../lib/providers.ts";
import { navigate } from "../lib/router.ts";
import type { Loaded } from "../lib/use-load.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import css from "./model-picker.module.css";

export interface ModelPickerProps {
  readonly models: Loaded<readonly Model[]>;
  readonly value: string | null;
  readonly onChange: (id: string) => void;
}

export function ModelPicker({ models, value, onChange }: ModelPickerProps) {
  const { data, error, reload } = models;
  if (!data) {
    if (!error) return <span className={css.loading}>Loading models…</span>;
    return (
      <Button kind="quiet" size="s" icon="retry" onClick={() => void reload()}>
        Models could not be loaded
      </Button>
    );
  }
  if (data.length === 0) {
    return (
      <Button kind="quiet" size="s" icon="key" onClick={() => navigate({ view: "settings", part: "general" })}>
        Add a provider key to choose a model
      </Button>
    );
  }
  return (
    <Choice label="Model" testId="model-picker" value={value ?? ""} onChange={onChange}>
      {groups(data).map(([provider, members]) => (
        <optgroup key={provider} label={providerLabel(provider)}>
          {members.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </optgroup>
      ))}
    </Choice>
  );
}

/** Real providers first; where there is none, the demo model stands alone. */
function groups(models: readonly Model[]): [string, Model[]][] {
  const byProvider = new Map<string, Model[]>();
  for (const model of [...models].sort((left, right) => Number(left.demo) - Number(right.demo))) {
    byProvider.set(model.provider, [...(byProvider.get(model.provider) ?? []), model]);
  }
  return [...byProvider];
}
