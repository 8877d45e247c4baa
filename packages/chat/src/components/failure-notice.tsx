/** A failure in the log, as a notice: what happened, what puts it right, what can be done from here. */
import type { ReactNode } from "react";
import type { Failure } from "@berth/sdk";
import { InlineCode } from "../ui/inline-code.tsx";
import { Notice } from "../ui/notice.tsx";

export interface FailureNoticeProps {
  readonly failure: Failure | null | undefined;
  /** Said when the log gives no reason. */
  readonly fallback: string;
  readonly tone?: "warn" | "bad";
  readonly action?: ReactNode;
}

export function FailureNotice({ failure, fallback, tone = "bad", action }: FailureNoticeProps) {
  return (
    <Notice tone={tone} action={action}>
      <InlineCode text={failure?.message ?? fallback} /> <InlineCode text={failure?.fix} />
    </Notice>
  );
}
