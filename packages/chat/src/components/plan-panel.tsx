/** The agent's own list of what is to be done. */
import { useId, useState } from "react";
import type { Transcript } from "@berth/sdk";
import { Icon } from "../ui/icon.tsx";
import shared from "./disclosure.module.css";
import css from "./plan-panel.module.css";

export function PlanPanel({ items }: { readonly items: Transcript["todos"] }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const done = items.filter(({ status }) => status === "completed").length;
  const current = items.find(({ status }) => status === "in_progress");
  return (
    <section className={css.panel}>
      <button type="button" className={`${shared.head} ${css.head}`} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Icon name="list" size={16} />
        <span className={css.count}>
          Plan {done}/{items.length}
        </span>
        <span className={css.current}>{open ? "" : current?.text}</span>
        <span className={shared.chevron}>
          <Icon name="chevron" size={14} />
        </span>
      </button>
      {open ? (
        <ol id={id} className={css.list}>
          {items.map(({ text, status }) => (
            <li key={text} data-status={status}>
              <span className={css.mark}>{status === "completed" ? <Icon name="check" size={13} /> : null}</span>
              {text}
            </li>
          ))}
        </ol>
      ) : null}
    </section>
  );
}
