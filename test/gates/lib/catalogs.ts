/** The fault catalogs and the registry of a tree. */
import type { FaultCatalog } from "../../../src/core/kernel/fault.ts";
import type { PortEntry } from "../../../src/ports/registry.ts";
import { listFiles } from "./files.ts";
import { load } from "./load.ts";

export async function readRegistry(root: string): Promise<readonly PortEntry[]> {
  return (await load<{ readonly PORTS: readonly PortEntry[] }>(root, "src/ports/registry.ts")).PORTS;
}

export async function readCatalogs(root: string): Promise<readonly FaultCatalog[]> {
  const modules = await Promise.all(listFiles(root, ["src/ports"], /\.faults\.ts$/).map((path) => load<object>(root, path)));
  return modules.flatMap((module) => Object.values(module).filter(isCatalog));
}

function isCatalog(value: unknown): value is FaultCatalog {
  return typeof value === "object" && value !== null && "faults" in value && "notApplicable" in value;
}
