/** Which hosts a sandbox at Modal reaches, in Modal's words. Pure. */
import { isIP } from "node:net";
import { entryText, type Allowlist } from "../../../core/egress/allowlist.ts";

export interface Outbound {
  readonly outboundCidrAllowlist: string[];
  readonly outboundDomainAllowlist: string[];
}

/** @throws Error naming the entries that Modal has no word for */
export function requireOutbound(allowlist: Allowlist): void {
  const withPort = allowlist.filter(({ port }) => port !== null).map(entryText);
  if (withPort.length > 0) throw new Error(`SANDBOX_EGRESS: Modal lets a sandbox through to a host, not to a port of it, so ${withPort.join(", ")} cannot be kept there. Name the host without its port, or leave it out.`);
}

/** @param controlPlane address that the runtime dials */
export function outboundOf(allowlist: Allowlist, controlPlane: string): Outbound {
  const hosts = [new URL(controlPlane).hostname, ...allowlist.map(({ host, isSuffix }) => (isSuffix ? `*.${host}` : host))].map((host) => host.replace(/^\[|\]$/g, ""));
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  return {
    outboundCidrAllowlist: [...new Set(addresses.map((address) => `${address}/${isIP(address) === 4 ? 32 : 128}`))],
    outboundDomainAllowlist: [...new Set(hosts.filter((host) => isIP(host) === 0))],
  };
}
