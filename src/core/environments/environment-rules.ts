/** What an environment may hold. Pure. */
import { isReservedName } from "../secrets/secret-rules.ts";

/** Together with their names, in UTF-16 units: an environment is handed to every program that a sandbox starts. */
export const VARIABLES_UNITS_MAX = 65_536;
export const VARIABLES_MAX = 200;

export interface PortsFault {
  /** Place in the list. */
  readonly at: number;
  readonly field: "port" | "name";
  readonly message: string;
  readonly fix: string;
}

/** Null where each number and each name stands once. */
export function portsFault(ports: readonly { readonly port: number; readonly name: string }[]): PortsFault | null {
  for (const [at, { port, name }] of ports.entries()) {
    const before = ports.slice(0, at);
    if (before.some((each) => each.port === port)) return { at, field: "port", message: `Port ${port} is named twice.`, fix: "Leave one of the two out." };
    if (before.some((each) => each.name === name)) return { at, field: "name", message: `Two ports are called ${name}.`, fix: "Choose another name for one of them." };
  }
  return null;
}

export interface VariablesFault {
  /** Absent: the variables together. */
  readonly name?: string;
  readonly message: string;
  readonly fix: string;
}

/** Null where the variables can be kept. */
export function variablesFault(variables: Readonly<Record<string, string>>): VariablesFault | null {
  const all = Object.entries(variables);
  const reserved = all.find(([name]) => isReservedName(name));
  if (reserved) return { name: reserved[0], message: `${reserved[0]} is a variable by which programs find what they run or trust.`, fix: "Choose another name, or set it in the setup script's own files." };
  const torn = all.find(([, value]) => value.includes("\0"));
  if (torn) return { name: torn[0], message: "The value holds a character that no environment variable can hold.", fix: "Leave U+0000 out." };
  const units = all.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (all.length <= VARIABLES_MAX && units <= VARIABLES_UNITS_MAX) return null;
  return { message: `An environment holds ${VARIABLES_MAX} variables of ${VARIABLES_UNITS_MAX} characters together at most.`, fix: "Put what is larger into a file that the setup script makes." };
}
