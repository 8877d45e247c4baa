/** What makes two messages under one `Idempotency-Key` the same: what they ask for, however it was written down or sent. */
import type { SendMessage } from "@berth/protocol";

/** @param hash hex SHA-256 of a text */
export function hashOfMessage({ text, model, delivery }: SendMessage, hash: (text: string) => Promise<string>): Promise<string> {
  return hash(JSON.stringify([text, model ?? null, delivery ?? "queue"]));
}
