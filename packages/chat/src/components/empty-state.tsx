/** What a view shows when it has nothing to show. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "../ui/icon.tsx";
import css from "./empty-state.module.css";

export interface EmptyStateProps {
  readonly icon: IconName;
  readonly title: string;
  readonly action?: ReactNode;
  readonly children?: ReactNode;
}

export function EmptyState({ icon, title, action, children }: EmptyStateProps) {
  return (
    <section className={css.empty}>
      <span className={css.icon}>
        <Icon name={icon} size={22} />
      </span>
      <h1>{title}</h1>
      <p>{children}</p>
      {action}
    </section>
  );
}
