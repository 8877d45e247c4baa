/** The mailer of the sandbox host, over the same signed calls as sandboxes. Why there: `docs/decisions/0011-mail-by-the-host.md`. */
import { HostClient, type HostClientDeps } from "@berth/sandbox-host/client";
import type { Mail } from "../../core/mail/mailer.ts";

/** A mail server may look at a mail for a while before it takes it. */
const TIMEOUT_MS = 30_000;

export interface HostMailerDeps extends HostClientDeps {
  /** `Berth <berth@example.com>` or an address alone. */
  readonly from: string;
  /** One structured line for each mail that was not sent, without its text and its address. */
  readonly log: (entry: { readonly event: string; readonly [field: string]: unknown }) => void;
}

export function createHostMailer({ from, log, ...deps }: HostMailerDeps) {
  const client = new HostClient(deps);
  return {
    async send(mail: Mail): Promise<void> {
      const body = new TextEncoder().encode(JSON.stringify({ from, ...mail }));
      const call = client.json({ port: "mailer", operation: "send", effect: "once", method: "POST", path: "/v1/mail", timeoutMs: TIMEOUT_MS, body });
      await call.catch((error: unknown) => {
        log({ event: "mail-failed", error: String(error) });
        throw error;
      });
    },
  };
}
