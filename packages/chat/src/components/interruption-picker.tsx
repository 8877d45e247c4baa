/** What happens when the sandbox is lost in the middle of a turn. */
import type { OnInterruption } from "@berth/sdk";
import { Icon } from "../ui/icon.tsx";
import css from "./model-picker.module.css";

const WORDS: Readonly<Record<OnInterruption, string>> = {
  ask: "When interrupted: ask me",
  continue: "When interrupted: continue",
  retry: "When interrupted: run again",
  fail: "When interrupted: skip it",
};

export interface InterruptionPickerProps {
  readonly value: OnInterruption;
  readonly onChange: (value: OnInterruption) => void;
}

export function InterruptionPicker({ value, onChange }: InterruptionPickerProps) {
  return (
    <label className={css.picker}>
      <span className="hidden-text">What happens when the sandbox is lost in the middle of a turn</span>
      <select data-testid="interruption-picker" value={value} onChange={(event) => onChange(event.target.value as OnInterruption)}>
        {(Object.keys(WORDS) as OnInterruption[]).map((choice) => (
          <option key={choice} value={choice}>
            {WORDS[choice]}
          </option>
        ))}
      </select>
      <Icon name="chevron" size={14} />
    </label>
  );
}
