/** Which hosts a sandbox without a network of its own may reach: the operator's words for them, and what they allow. Pure. */
import { DEFAULT_HOSTS } from "./default-hosts.ts";
import { leadsInside } from "./inside-address.ts";

export interface AllowedHost {
  /** As `URL` gives it; of a suffix, what follows its `*.`. */
  readonly host: string;
  readonly isSuffix: boolean;
  /** Null: the ports of http and https. */
  readonly port: number | null;
}
export type Allowlist = readonly AllowedHost[];

export interface Target {
  /** As `URL` gives it, without a dot at its end. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT = "default";
const NOTHING = "none";
const PORTS: readonly number[] = [80, 443];
const NAME = /^[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/;
const HOST_CHARACTERS_MAX = 253;
const PLAIN_ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])$/;
const WITH_PORT = /:\d{1,5}$/;

/** @throws Error naming the entry that is none, and what would be one */
export function readAllowlist(text: string): Allowlist {
  const entries = text.split(",").map((entry) => entry.trim().toLowerCase());
  if (entries.includes(NOTHING) && entries.length > 1) throw refused(`"${NOTHING}" stands alone`);
  if (entries.length === 1 && entries[0] === NOTHING) return [];
  const named = entries.flatMap((entry) => (entry === DEFAULT ? DEFAULT_HOSTS : entry)).map(readEntry);
  return named.filter((entry, at) => named.findIndex((other) => entryText(other) === entryText(entry)) === at);
}

function readEntry(entry: string): AllowedHost {
  if (entry === "") throw refused("an entry is empty");
  const isSuffix = entry.startsWith("*.");
  const rest = isSuffix ? entry.slice(2) : entry;
  const target = readTarget(rest);
  if (target === null) throw refused(`"${entry}" is no host`);
  const { host, port } = target;
  if (isSuffix && (PLAIN_ADDRESS.test(host) || !host.includes("."))) throw refused(`"${entry}" would allow more than the hosts of one owner`);
  if (leadsInside(host)) throw refused(`"${entry}" leads inside this machine or a private network, where no sandbox goes`);
  return { host, isSuffix, port: WITH_PORT.test(rest) ? port : null };
}

function refused(what: string): Error {
  return new Error(`SANDBOX_EGRESS: ${what}. It takes ${NOTHING}, or ${DEFAULT} and hosts, comma-separated: pypi.org, *.example.com (what is below it), example.com:8443 (that port instead of 80 and 443)`);
}

/**
 * What a program asks for, however it is spelled: `host:port`, or a host, whose port is then that of http. Null for what
 * is no host.
 */
export function readTarget(authority: string): Target | null {
  const url = /[/?#\\@\s]/.test(authority) ? null : URL.parse(`http://${authority}`);
  if (url === null) return null;
  const host = url.hostname.replace(/\.$/, "");
  const port = Number(url.port === "" ? "80" : url.port);
  if (port === 0 || host.length > HOST_CHARACTERS_MAX || !(NAME.test(host) || PLAIN_ADDRESS.test(host))) return null;
  return { host, port };
}

export function allows(allowlist: Allowlist, { host, port }: Target): boolean {
  return allowlist.some((entry) => isHostOf(entry, host) && (entry.port === null ? PORTS.includes(port) : entry.port === port));
}

function isHostOf({ host: allowed, isSuffix }: AllowedHost, host: string): boolean {
  return isSuffix ? host.endsWith(`.${allowed}`) : host === allowed;
}

/** As the operator writes it. */
export function entryText({ host, isSuffix, port }: AllowedHost): string {
  return `${isSuffix ? "*." : ""}${host}${port === null ? "" : `:${port}`}`;
}

/** The entry that would let a program through. */
export function entryFor({ host, port }: Target): string {
  return entryText({ host, isSuffix: false, port: PORTS.includes(port) ? null : port });
}
