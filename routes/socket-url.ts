/** Where a client opens a socket. */

/**
 * The address that the client reached us by, with the public one's scheme when a proxy in between ends TLS. A page at the public address
 * says that it is there, also where the proxy does not pass on the host.
 */
export function socketUrl(publicUrl: string, { headers }: Request, requested: URL, path: string): string {
  const own = new URL(publicUrl);
  const base = own.host === requested.host || headers.get("origin") === own.origin ? own : requested;
  return `${base.protocol === "https:" ? "wss:" : "ws:"}//${base.host}${path}`;
}
