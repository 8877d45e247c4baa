/** A step of the work that opens on what it printed: what was done to what, and how it stands. */
import { useId, type ReactNode } from "react";
import { Icon, type IconName } from "../ui/icon.tsx";
import shared from "./disclosure.module.css";
import css from "./step-card.module.css";

export interface StepCardProps {
  readonly icon: IconName;
  readonly verb: string;
  readonly target: ReactNode;
  readonly status: ReactNode;
  /** The status is read out when it changes. */
  readonly announces?: boolean;
  readonly open: boolean;
  readonly onToggle: () => void;
  readonly children: ReactNode;
  /** Of the section. */
  readonly attributes: { readonly "aria-label"?: string; readonly [name: `data-${string}`]: string | undefined };
}

export function StepCard({ icon, verb, target, status, announces = false, open, onToggle, children, attributes }: StepCardProps) {
  const id = useId();
  return (
    <section className={css.card} {...attributes}>
      <button type="button" className={`${shared.head} ${css.head}`} aria-expanded={open} aria-controls={id} onClick={onToggle}>
        <span className={css.icon}>
          <Icon name={icon} size={16} />
        </span>
        <span className={css.verb}>{verb}</span>
        {target}
        <span className={css.status} role={announces ? "status" : undefined}>
          {status}
        </span>
        <span className={shared.chevron}>
          <Icon name="chevron" size={14} />
        </span>
      </button>
      {open ? (
        <div id={id} className={css.body}>
          {children}
        </div>
      ) : null}
    </section>
  );
}

export function Done() {
  return (
    <span className={css.done}>
      <Icon name="check" size={16} />
      <span className="hidden-text">Done</span>
    </span>
  );
}

export function Failed({ text }: { readonly text: string }) {
  return <span className={css.failed}>{text}</span>;
}
