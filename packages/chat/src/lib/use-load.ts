/** Something read from the server, with what a view has to know about it. */
import { useCallback, useEffect, useRef, useState } from "react";
import { toMessage, type ErrorMessage } from "./error-message.ts";

export interface Loaded<T> {
  /** Undefined until it was read once; stays while it is read again. */
  readonly data: T | undefined;
  readonly error: ErrorMessage | null;
  readonly reload: () => Promise<void>;
}

/** @param of read again when it changes, such as what is looked at */
export function useLoad<T>(read: () => Promise<T>, of?: string): Loaded<T> {
  const [state, setState] = useState<{ data: T | undefined; error: ErrorMessage | null }>({ data: undefined, error: null });
  const latest = useRef(read);
  latest.current = read;
  const asked = useRef(0);

  const reload = useCallback(async () => {
    const mine = ++asked.current;
    const next = await latest.current().then(
      (data) => ({ data, error: null }),
      (error: unknown) => ({ error: toMessage(error) }),
    );
    // An older answer that comes late must not undo a newer one.
    if (mine === asked.current) setState((before) => ({ ...before, ...next }));
  }, []);

  useEffect(() => {
    void reload();
  }, [reload, of]);
  return { ...state, reload };
}
