/** Model servers on this machine, found by asking each usual port for its models. */
import { makeFinding, type Finding } from "./finding.ts";
import { LOCAL_SERVERS, type LocalServerName } from "./known-providers.ts";

/** A server on this machine answers at once or is not one. */
const PROBE_MS = 300;

export interface LocalServerDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Other ports than the usual ones; null for none. */
  readonly ports?: Partial<Readonly<Record<LocalServerName, number | null>>>;
}

async function listsModels(fetch: LocalServerDeps["fetch"], baseUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${baseUrl}/models`, { signal: AbortSignal.timeout(PROBE_MS), redirect: "error" });
    const body = (await response.json()) as { data?: unknown } | null;
    return response.ok && Array.isArray(body?.data);
  } catch {
    return false;
  }
}

export async function findLocalServers({ fetch, ports = {} }: LocalServerDeps): Promise<readonly Finding[]> {
  const probes = LOCAL_SERVERS.map(async ({ provider, title, port: usual }): Promise<readonly Finding[]> => {
    const port = ports[provider] === undefined ? usual : ports[provider];
    if (port === null) return [];
    const baseUrl = `http://127.0.0.1:${port}/v1`;
    if (!(await listsModels(fetch, baseUrl))) return [];
    return [makeFinding(`local:${provider}`, `${title} on this machine, port ${port}`, { provider, kind: "openai-compatible", baseUrl, key: null })];
  });
  return (await Promise.all(probes)).flat();
}
