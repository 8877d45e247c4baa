/** Answers a request once; says what went wrong when it did. */
import { useState } from "react";
import type { Answer } from "@berth/sdk";
import type { ErrorMessage } from "./error-message.ts";
import type { SessionStore } from "./session-store.ts";

export interface Answering {
  /** The answer on its way, or given and not yet in the log. */
  readonly sent: Answer | null;
  readonly error: ErrorMessage | null;
  readonly answer: (answer: Answer) => void;
}

export function useAnswer(store: SessionStore, requestId: string): Answering {
  const [sent, setSent] = useState<Answer | null>(null);
  const [error, setError] = useState<ErrorMessage | null>(null);
  const answer = (given: Answer): void => {
    setSent(given);
    setError(null);
    store.session.answer(requestId, given).catch((failure: unknown) => {
      setSent(null);
      setError(store.refusal(failure));
    });
  };
  return { sent, error, answer };
}
