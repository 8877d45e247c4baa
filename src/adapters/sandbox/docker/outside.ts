/** Finds the addresses of a host that lie outside: not in this machine, not in its networks, not a cloud's own services. */
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";
import { leadsInside } from "../../../core/egress/inside-address.ts";

export type FindAddresses = (host: string) => Promise<readonly string[]>;

const LOOKUP = { timeout: 2_000, tries: 2 };

/** By the machine's name servers. The system's own lookup would hold one of the few threads that files are read by. */
export const resolveHost: FindAddresses = async (host) => {
  const resolver = new Resolver(LOOKUP);
  const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return found.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
};

/** The machine's own addresses may be public ones, and all that it listens on is there too. */
export function isOutside(address: string, own: readonly string[] = ownAddresses()): boolean {
  return !leadsInside(address) && !own.map(plain).includes(plain(address));
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []).map(({ address }) => address);
}

/** One spelling of each, and IPv4 in the clothes of IPv6 as what it is. */
function plain(address: string): string {
  return ipaddr.process(address).toString();
}

/** @param host without brackets */
export async function addressesOf(host: string, resolve: FindAddresses): Promise<readonly string[]> {
  return isIP(host) === 0 ? resolve(host) : [host];
}
