/**
 * `fetch` for what Berth itself calls. An origin that the operator listed goes through its named binding; everything else
 * goes out by the Worker's default way, which reaches public addresses only.
 */
export function createOutboundFetch(originsJson: string | undefined, env: object): typeof fetch {
  const origins = new Map(Object.entries(originsJson ? (JSON.parse(originsJson) as Record<string, string>) : {}));
  return (input, init) => {
    const request = new Request(input, init);
    const binding = origins.get(new URL(request.url).origin);
    if (binding === undefined) return fetch(request);
    const service = (env as Record<string, { fetch: typeof fetch } | undefined>)[binding];
    if (!service) throw new Error(`OPERATOR_ORIGINS names a binding ${binding} that does not exist`);
    return service.fetch(request);
  };
}
