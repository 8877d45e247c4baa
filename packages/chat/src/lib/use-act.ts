/** One request at a time by a press: whether it is under way, and what went wrong with the last one. */
import { useState } from "react";
import { toMessage, type ErrorMessage } from "./error-message.ts";

export interface Acting {
  readonly busy: boolean;
  readonly error: ErrorMessage | null;
  /** True when it was done. */
  readonly run: (act: () => Promise<unknown>) => Promise<boolean>;
}

export function useAct(): Acting {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const run = async (act: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    try {
      await act();
      setError(null);
      return true;
    } catch (failure) {
      setError(toMessage(failure));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}
