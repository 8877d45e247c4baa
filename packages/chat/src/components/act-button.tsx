/** A button for one request: busy while it is under way, with what went wrong beside it. */
import { useState, type ReactNode } from "react";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { Button, type ButtonProps } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";

export interface ActButtonProps extends Pick<ButtonProps, "kind" | "icon" | "title"> {
  readonly act: () => Promise<unknown>;
  readonly children: ReactNode;
}

export function ActButton({ act, children, ...look }: ActButtonProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const press = async (): Promise<void> => {
    setBusy(true);
    await act().then(
      () => setError(null),
      (failure: unknown) => setError(toMessage(failure)),
    );
    setBusy(false);
  };
  return (
    <>
      {error ? <ErrorNotice error={error} /> : null}
      <Button {...look} size="s" busy={busy} onClick={() => void press()}>
        {children}
      </Button>
    </>
  );
}
