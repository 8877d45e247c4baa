/** One of a few, chosen where it is shown. The options are the children. */
import type { ReactNode } from "react";
import { Icon } from "./icon.tsx";
import css from "./choice.module.css";

export interface ChoiceProps {
  /** For who does not see it. */
  readonly label: string;
  readonly testId: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly children: ReactNode;
}

export function Choice({ label, testId, value, onChange, children }: ChoiceProps) {
  return (
    <label className={css.choice}>
      <span className="hidden-text">{label}</span>
      <select data-testid={testId} value={value} onChange={(event) => onChange(event.target.value)}>
        {children}
      </select>
      <Icon name="chevron" size={14} />
    </label>
  );
}
