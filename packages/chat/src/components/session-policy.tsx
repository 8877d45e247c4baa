/** The session's choice for the loss of its sandbox, in its menu. Read when it is shown: the log tells changes only. */
import { useEffect, useState } from "react";
import type { OnInterruption } from "@berth/sdk";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import type { SessionStore } from "../lib/session-store.ts";
import { ErrorNotice } from "../ui/notice.tsx";
import { InterruptionPicker } from "./interruption-picker.tsx";

export function SessionPolicy({ store }: { readonly store: SessionStore }) {
  const [value, setValue] = useState<OnInterruption | null>(null);
  const [error, setError] = useState<ErrorMessage | null>(null);
  useEffect(() => {
    const left = new AbortController();
    store.session.get({ signal: left.signal }).then(
      ({ onInterruption }) => setValue(onInterruption),
      (failure: unknown) => left.signal.aborted || setError(toMessage(failure)),
    );
    return () => left.abort();
  }, [store]);
  const change = (onInterruption: OnInterruption): void => {
    const before = value;
    setValue(onInterruption);
    store.session.update({ onInterruption }).then(
      () => setError(null),
      (failure: unknown) => {
        setValue(before);
        setError(toMessage(failure));
      },
    );
  };
  if (error) return <ErrorNotice error={error} />;
  return value === null ? null : <InterruptionPicker value={value} onChange={change} />;
}
