/** What happens when the sandbox is lost in the middle of a turn. */
import type { OnInterruption } from "@berth/sdk";
import { Choice } from "../ui/choice.tsx";

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
    <Choice label="What happens when the sandbox is lost in the middle of a turn" testId="interruption-picker" value={value} onChange={(chosen) => onChange(chosen as OnInterruption)}>
      {(Object.keys(WORDS) as OnInterruption[]).map((choice) => (
        <option key={choice} value={choice}>
          {WORDS[choice]}
        </option>
      ))}
    </Choice>
  );
}
