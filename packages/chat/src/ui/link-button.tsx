/** A link that looks like a button, for the way to another page. */
import type { ReactNode } from "react";
import css from "./button.module.css";

export interface LinkButtonProps {
  readonly href: string;
  readonly kind?: "primary" | "plain";
  readonly size?: "m" | "s";
  readonly children: ReactNode;
}

export function LinkButton({ href, kind = "plain", size = "m", children }: LinkButtonProps) {
  return (
    <a href={href} className={`${css.button} ${css.link} ${css[kind]} ${css[size]}`}>
      {children}
    </a>
  );
}
