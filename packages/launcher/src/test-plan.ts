/** Which parts of the whole test run the arguments of `npm test` name. Pure. */
import type { MachineNeed } from "@berth/testkit/machine";
import { SUITES } from "./suites.ts";

interface PartBase {
  readonly name: string;
  readonly title: string;
  /** Runs what `npm run build` makes. */
  readonly needsBuild: boolean;
  /** Left out where the machine lacks one of these. */
  readonly needs?: readonly MachineNeed[];
}

export type Part =
  | (PartBase & { readonly kind: "vitest"; readonly config: string })
  | (PartBase & { readonly kind: "command" | "journey"; readonly command: readonly string[] })
  | (PartBase & { readonly kind: "first-delta" });

const CHECK: Part = { kind: "command", name: "check", title: "Checks", needsBuild: false, command: ["check"] };
const SIMULATION: Part = { kind: "command", name: "simulation", title: "Simulation", needsBuild: false, command: ["simulate", "--suite"] };
const JOURNEY: Part = { kind: "journey", name: "journey", title: "Journey", needsBuild: true, command: ["journey", "--json"] };
const JOURNEY_IN_CONTAINERS: Part = {
  kind: "journey",
  name: "journey-docker",
  title: "Journey in containers",
  needsBuild: true,
  needs: ["docker", "sandbox-image"],
  command: ["journey", "--json", "--sandbox-backend", "docker"],
};
const VITEST: readonly Part[] = SUITES.map(({ name, title, config }) => ({ kind: "vitest", name, title, config, needsBuild: name === "e2e" }));
/** Takes minutes and downloads everything anew, so it runs where nobody waits, or when it is named. */
const FIRST_DELTA: Part = { kind: "first-delta", name: "first-delta", title: "Clone to first delta", needsBuild: false };
const ALL: readonly Part[] = [CHECK, ...VITEST, SIMULATION, JOURNEY, JOURNEY_IN_CONTAINERS, FIRST_DELTA];

export const PART_NAMES: readonly string[] = ALL.map(({ name }) => name);

export interface Plan {
  readonly parts: readonly Part[];
  /** Pieces of file paths for the Vitest parts. */
  readonly filters: readonly string[];
}

export function planParts(args: readonly string[], files: readonly string[], onCi: boolean): Plan {
  if (args.length === 0) return { parts: ALL.filter((part) => onCi || part !== FIRST_DELTA), filters: [] };
  const named = ALL.filter(({ name }) => args.includes(name));
  const filters = args.filter((arg) => !ALL.some(({ name }) => name === arg)).map((arg) => arg.replace(/^\.\//, ""));
  if (filters.length === 0) return { parts: named, filters };
  const matching = files.filter((file) => filters.some((filter) => file.includes(filter)));
  const suites = new Set(SUITES.filter((suite) => matching.some((file) => suite.owns(file))).map(({ name }) => name));
  const isNamed = ({ name }: Part): boolean => named.some((part) => part.name === name);
  // A named suite narrows the paths to it; a named part of another kind runs beside them.
  const suiteNamed = named.some(({ kind }) => kind === "vitest");
  return { parts: ALL.filter((part) => (part.kind === "vitest" ? suites.has(part.name) && (!suiteNamed || isNamed(part)) : isNamed(part))), filters };
}
