/** Whether somebody who was not invited may make an account now, and if not, why. */
import { takesAddresses } from "../core/access/sign-up.ts";
import type { Services } from "./services.ts";

export type SignUpWay =
  /** Nobody owns this instance yet: whoever comes first does. */
  | "first"
  /** By an address that is let in, once a mail has proven it. */
  | "address"
  /** By invitation only. */
  | "closed"
  /** Addresses are let in, and none can be proven without a mailer. */
  | "no-mailer";

export async function signUpWay({ identity, signUpAllow, mailer }: Pick<Services, "identity" | "signUpAllow" | "mailer">): Promise<SignUpWay> {
  if (!(await identity.accounts.isClaimed())) return "first";
  if (!signUpAllow || !takesAddresses(signUpAllow)) return "closed";
  return mailer ? "address" : "no-mailer";
}
