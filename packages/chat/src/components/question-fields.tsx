/** One question's options, with room for an answer of one's own. */
import type { Question } from "@berth/sdk";
import css from "./request-card.module.css";

export interface Choice {
  readonly labels: readonly string[];
  readonly own: string;
}

export interface QuestionFieldsProps {
  readonly name: string;
  readonly question: Question;
  readonly choice: Choice;
  readonly disabled: boolean;
  readonly onChange: (choice: Choice) => void;
}

export function QuestionFields({ name, question, choice, disabled, onChange }: QuestionFieldsProps) {
  const multiple = question.multiple ?? false;
  const toggle = (label: string): void => {
    if (!multiple) return onChange({ labels: [label], own: "" });
    const labels = choice.labels.includes(label) ? choice.labels.filter((other) => other !== label) : [...choice.labels, label];
    onChange({ ...choice, labels });
  };
  return (
    <fieldset className={css.question} disabled={disabled}>
      <legend>{question.question}</legend>
      {question.options.map(({ label, description }) => (
        <label key={label} className={css.option}>
          <input type={multiple ? "checkbox" : "radio"} name={name} checked={choice.labels.includes(label)} onChange={() => toggle(label)} />
          <span className={css.optionText}>
            {label}
            {description && description !== label ? <span className={css.description}>{description}</span> : null}
          </span>
        </label>
      ))}
      {disabled ? null : (
        <div className={css.option}>
          <input
            className={css.own}
            aria-label={`Another answer to: ${question.question}`}
            placeholder="Another answer…"
            value={choice.own}
            onChange={(event) => onChange({ labels: multiple || event.target.value === "" ? choice.labels : [], own: event.target.value })}
          />
        </div>
      )}
    </fieldset>
  );
}
