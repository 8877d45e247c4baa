/**
 * Which network address a request comes from, as the part in front of Berth says that the operator trusts: a header that a client
 * could send itself says nothing. Absent, nobody's address is known, as on one's own machine, where all are that machine.
 */
import ipaddr from "ipaddr.js";

export interface AddressServices {
  readonly clientAddressHeader?: string | undefined;
}

/** Null where it is not known. */
export function addressOf({ clientAddressHeader }: AddressServices, { headers }: Request): string | null {
  const given = clientAddressHeader === undefined ? null : headers.get(clientAddressHeader);
  // Each part on the way adds the one it heard from: only the last was added by who is trusted.
  const last = given?.split(",").at(-1)?.trim() ?? "";
  return ipaddr.isValid(last) ? ipaddr.process(last).toString() : null;
}

/** Who has one IPv6 address has 2^64 of them. */
export function placeOf(services: AddressServices, request: Request): string {
  const address = addressOf(services, request);
  if (address === null) return "unknown";
  const parsed = ipaddr.parse(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).map((part) => part.toString(16)).join(":") : address;
}
