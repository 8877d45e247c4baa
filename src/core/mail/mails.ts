/** What the mails say. None names who asked for it, so that nobody can send words of their own through Berth. */
import type { Mail } from "./mailer.ts";

const FOOT = "If you did not expect this, you need not do anything.";

function mail(to: string, subject: string, ...paragraphs: readonly string[]): Mail {
  return { to, subject: oneLine(subject), text: `${[...paragraphs.map((each) => each.trim()), FOOT].join("\n\n")}\n` };
}

/** A name of an organization may hold anything; a header holds one line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

export function invitationMail(to: string, orgName: string, url: string): Mail {
  const name = oneLine(orgName);
  return mail(to, `You are invited to ${name} on Berth`, `${name} invites you to work with it on Berth. Open this link to join; it works once, for seven days:`, url);
}

export function proofMail(to: string, url: string): Mail {
  return mail(to, "Confirm your address for Berth", "Somebody, most likely you, makes an account on Berth with this address. Open this link to finish; it works once, for 24 hours:", url);
}

/** In the place of the other one, so that the page tells nobody which addresses have an account. */
export function knownAddressMail(to: string, url: string): Mail {
  return mail(to, "You have an account on Berth", "Somebody, most likely you, wanted to make an account on Berth with this address, which has one already. Sign in here, or set a new password there:", url);
}

export function resetMail(to: string, url: string): Mail {
  return mail(to, "Set a new password for Berth", "Open this link to set a new password; it works once, for one hour, and ends every sign-in of this account and the links made by them:", url);
}
