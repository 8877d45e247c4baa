/** Which addresses lead inside a machine or a private network. What a name resolves to is judged by whoever connects, when it does. */
import ipaddr from "ipaddr.js";

const LOCAL_NAME = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i;
/** Azure's own service for its machines, which hands out their settings, is at an address like any other. */
const OF_CLOUDS = ["168.63.129.16"];
/** All that was ever given out for the open network; the old spellings of IPv4 in IPv6 are outside of it. */
const GLOBAL_IPV6 = ipaddr.parseCIDR("2000::/3");

/** @param hostname as `URL` gives it, which has made one of every odd spelling */
export function leadsInside(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  if (!ipaddr.isValid(bare)) return LOCAL_NAME.test(hostname);
  const address = ipaddr.process(bare);
  if (address.range() !== "unicast" || OF_CLOUDS.includes(address.toString())) return true;
  return address.kind() === "ipv6" && !address.match(GLOBAL_IPV6);
}
