/** Keys in the environment that Berth was started with. */
import { makeFinding, type Finding } from "./finding.ts";
import { KNOWN_PROVIDERS } from "./known-providers.ts";

export function findEnvironmentKeys(environment: Readonly<Record<string, string | undefined>>): readonly Finding[] {
  return KNOWN_PROVIDERS.flatMap(({ provider, kind, baseUrl, variables }) => {
    for (const variable of variables) {
      const key = environment[variable]?.trim();
      if (key) return [makeFinding(`env:${variable}`, `environment variable ${variable}`, { provider, kind, baseUrl, key })];
    }
    return [];
  });
}
