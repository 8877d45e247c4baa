/** A sentence that matters here, with what can be done about it. */
import type { ReactNode } from "react";
import type { ErrorMessage } from "../lib/error-message.ts";
import { Icon, type IconName } from "./icon.tsx";
import { InlineCode } from "./inline-code.tsx";
import css from "./notice.module.css";

export interface NoticeProps {
  readonly tone: "info" | "warn" | "bad";
  readonly icon?: IconName;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

export function Notice({ tone, icon, children, action }: NoticeProps) {
  return (
    <div className={`${css.notice} ${css[tone]}`} role={tone === "bad" ? "alert" : "note"}>
      <Icon name={icon ?? (tone === "info" ? "info" : "warn")} size={17} />
      <div className={css.text}>{children}</div>
      {action ? <div className={css.action}>{action}</div> : null}
    </div>
  );
}

export function ErrorNotice({ error, action }: { readonly error: ErrorMessage; readonly action?: ReactNode }) {
  return (
    <Notice tone="bad" action={action}>
      <InlineCode text={error.text} />{" "}
      <span className={css.fix}>
        <InlineCode text={error.fix} />
      </span>
    </Notice>
  );
}
