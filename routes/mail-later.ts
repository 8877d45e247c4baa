/** Mails that a page asked for: sent after its answer, which so says nothing of whether there was one to send. */
import type { Services } from "../src/app/services.ts";
import type { Mail } from "../src/core/mail/mailer.ts";

export const NO_MAIL = "Nothing came within a few minutes? Look among the unwanted mails, then ask again. If nothing comes at all, tell who runs this Berth.";

/** What goes wrong is in the mailer's log; nobody waits for it. */
export function mailLater({ mailer, waitUntil }: Pick<Services, "mailer" | "waitUntil">, mail: Mail): void {
  if (mailer) waitUntil(mailer.send(mail).catch(() => undefined));
}
