/** What the model thought before it answered: there for who wants it. */
import { useId, useState } from "react";
import { Icon } from "../ui/icon.tsx";
import shared from "./disclosure.module.css";
import css from "./reasoning.module.css";

export function Reasoning({ text, running }: { readonly text: string; readonly running: boolean }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  if (text === "" && !running) return null;
  return (
    <section className={css.reasoning}>
      <button type="button" className={`${shared.head} ${css.head}`} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Icon name="spark" size={16} />
        <span className={running ? css.running : ""}>{running ? "Thinking…" : "Thought about it"}</span>
        <span className={shared.chevron}>
          <Icon name="chevron" size={14} />
        </span>
      </button>
      {open ? (
        <p id={id} className={css.text}>
          {text}
        </p>
      ) : null}
    </section>
  );
}
