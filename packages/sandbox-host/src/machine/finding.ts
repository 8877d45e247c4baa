/** Something found on this machine: what may be said about it, and the value that only `reveal` gives. */
import type { Discovery } from "@berth/protocol";
import type { FoundProvider } from "../../../../src/core/machine/local-machine.ts";

export interface Finding {
  readonly discovery: Omit<Discovery, "imported">;
  /** Null when it was found but cannot be used; the discovery then says why. */
  readonly found: FoundProvider | null;
}

export function makeFinding(id: string, source: string, found: FoundProvider): Finding {
  const { provider, kind, baseUrl } = found;
  return { discovery: { id, provider, kind, source, ...(baseUrl === null ? {} : { baseUrl }) }, found };
}
