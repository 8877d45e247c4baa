/** Sends mails by SMTP. A mail server's refusal is told in words; its password never is. */
import { createTransport } from "nodemailer";
import { PortError, type PortErrorInit } from "../../../../src/core/kernel/port-error.ts";
import type { MailBody } from "../wire.ts";

export interface MailSender {
  send(mail: MailBody): Promise<void>;
}

const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };

/** @param url `smtp://user:password@host:587`, which goes over to TLS where the server offers it, or `smtps://…` */
export function createSmtp(url: string): MailSender {
  const { hostname } = new URL(url);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  // A mail holds links that sign in, and the login a password: outside this machine nothing of it goes unencrypted.
  const transport = createTransport({ url, ...TIMEOUTS, ...(isLocal ? {} : { requireTLS: true }), disableFileAccess: true, disableUrlAccess: true });
  return {
    async send(mail) {
      try {
        await transport.sendMail(mail);
      } catch (raw) {
        throw toPortError(raw, hostname);
      }
    },
  };
}

interface SmtpFailure {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

/** Codes: https://nodemailer.com/errors and RFC 5321, section 4.2.1. */
function toPortError(raw: unknown, hostname: string): PortError {
  const { code = "", responseCode = 0, response = "" } = raw as SmtpFailure;
  const said = response === "" ? "" : `: ${response.slice(0, 200)}`;
  const as = (init: Pick<PortErrorInit, "code" | "outcome" | "retry" | "message"> & { readonly fix?: string }) => new PortError({ port: "mailer", operation: "send", cause: code, ...init });
  if (code === "EAUTH") return as({ code: "permission-denied", outcome: "not-applied", retry: "never", message: `The mail server ${hostname} does not take the login of SMTP_URL.`, fix: "Correct SMTP_URL of the sandbox host." });
  const isAway = ["ECONNREFUSED", "ECONNECTION", "EDNS", "ESOCKET", "ENOTFOUND"].includes(code) && responseCode === 0;
  if (isAway || code === "ETLS") {
    return as({ code: "deadline-exceeded", outcome: "not-applied", retry: "same-request", message: `The mail server ${hostname} cannot be reached, or not with TLS.`, fix: "See that SMTP_URL of the sandbox host names it and that it runs." });
  }
  if (responseCode >= 500) return as({ code: "invalid-argument", outcome: "not-applied", retry: "never", message: `The mail server ${hostname} refused the mail${said}`, fix: "Check the address, and MAIL_FROM of the Worker." });
  if (responseCode >= 400) return as({ code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 60_000 }, message: `The mail server ${hostname} does not take the mail now${said}` });
  return as({ code: "unknown", outcome: "unknown", retry: "never", message: `The mail server ${hostname} did not say whether it took the mail.` });
}
