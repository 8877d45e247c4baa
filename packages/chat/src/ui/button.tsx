/** Buttons. `IconButton` has no text to see, so it must have a label. */
import type { ComponentProps } from "react";
import { Icon, type IconName } from "./icon.tsx";
import { Spinner } from "./spinner.tsx";
import css from "./button.module.css";

export interface ButtonProps extends ComponentProps<"button"> {
  readonly kind?: "primary" | "plain" | "quiet" | "danger";
  readonly size?: "m" | "s";
  readonly icon?: IconName;
  /** Shows that it is being done, and takes no second press. */
  readonly busy?: boolean;
}

export function Button({ kind = "plain", size = "m", icon, busy = false, children, disabled, type = "button", ...rest }: ButtonProps) {
  return (
    <button {...rest} type={type} disabled={disabled || busy} aria-busy={busy} className={`${css.button} ${css[kind]} ${css[size]}`}>
      {busy ? <Spinner /> : icon ? <Icon name={icon} size={size === "s" ? 15 : 17} /> : null}
      {children}
    </button>
  );
}

export interface IconButtonProps extends ComponentProps<"button"> {
  readonly icon: IconName;
  readonly label: string;
  readonly size?: number;
}

export function IconButton({ icon, label, size = 18, type = "button", className, ...rest }: IconButtonProps) {
  return (
    <button {...rest} type={type} aria-label={label} title={label} className={`${css.icon} ${className ?? ""}`}>
      <Icon name={icon} size={size} />
    </button>
  );
}
