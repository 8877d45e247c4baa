/** A short fact with a colour; `title` says more. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";
import css from "./badge.module.css";

export interface BadgeProps {
  readonly tone?: "plain" | "accent" | "good" | "warn" | "bad";
  readonly icon?: IconName;
  readonly title?: string;
  readonly children: ReactNode;
}

export function Badge({ tone = "plain", icon, title, children }: BadgeProps) {
  return (
    <span className={`${css.badge} ${css[tone]}`} title={title}>
      {icon ? <Icon name={icon} size={13} /> : null}
      <span className={css.text}>{children}</span>
    </span>
  );
}
