/** An error as a person reads it: what happened, and what to do. */
import { BerthError } from "@berth/sdk";

export interface ErrorMessage {
  readonly code: string;
  readonly text: string;
  readonly fix: string | undefined;
  /** By JSON pointer, for forms. */
  readonly fields: Readonly<Record<string, string>>;
}

export function toMessage(error: unknown): ErrorMessage {
  if (!BerthError.is(error)) return { code: "unknown", text: error instanceof Error ? error.message : String(error), fix: undefined, fields: {} };
  const fields = Object.fromEntries(error.errors.map(({ pointer, message }) => [pointer, message]));
  if (error.code === "network" || error.code === "timeout") {
    return { code: error.code, text: "Berth is not answering.", fix: "Check that it is still running in your terminal.", fields };
  }
  return { code: error.code, text: /[.!?…]$/.test(error.detail) ? error.detail : `${error.detail}.`, fix: error.fix, fields };
}
