/** Origin → name of the binding that reaches it. */
export function readOrigins(json: string | undefined): ReadonlyMap<string, string> {
  return new Map(Object.entries(json ? (JSON.parse(json) as Record<string, string>) : {}));
}

/**
 * `fetch` for what Berth itself calls. An origin that the operator listed goes through its named binding; everything else
 * goes out by the Worker's default way, which reaches public addresses only.
 */
export function createOutboundFetch(origins: ReadonlyMap<string, string>, env: object): typeof fetch {
  return (input, init) => {
    const request = new Request(input, init);
    const binding = origins.get(new URL(request.url).origin);
    if (binding === undefined) return fetch(request);
    const service = (env as Record<string, { fetch: typeof fetch } | undefined>)[binding];
    if (!service) throw new Error(`OPERATOR_ORIGINS names a binding ${binding} that does not exist`);
    return service.fetch(request);
  };
}
