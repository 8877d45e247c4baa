/** The doctor on the ports: which adapter the programs of this checkout compose for each, read from their sources. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PORTS, type PortEntry } from "../../../../src/ports/registry.ts";

export interface ComposedPort {
  readonly plane: string;
  readonly port: string;
  readonly state: PortEntry["state"];
  /** Adapters, each with the program that composes it. */
  readonly adapters: readonly { readonly name: string; readonly where: string; readonly verifiedLive: boolean }[];
}

/** Who wires adapters: the composition roots, the Durable Object shells and the runtime inside a sandbox. */
const COMPOSERS: readonly { readonly where: string; readonly files: string }[] = [
  { where: "Worker", files: "src/compose/{worker-parts,model-gateways,secret-vaults,local,production}.ts" },
  { where: "Worker", files: "src/{worker.ts,session/*.ts,org/*.ts}" },
  { where: "sandbox host", files: "src/compose/{host,host-modal}.ts" },
  { where: "runtime", files: "packages/sandbox-runtime/src/**/*.ts" },
];

export function composedPorts(root: string, ports: readonly PortEntry[] = PORTS): readonly ComposedPort[] {
  const imports = COMPOSERS.flatMap(({ where, files }) =>
    globSync(files, { cwd: root })
      .filter((file) => !file.endsWith(".test.ts"))
      .flatMap((file) => adaptersIn(readFileSync(join(root, file), "utf8")).map((adapter) => ({ ...adapter, where }))),
  );
  return ports.map(({ plane, port, state, adapters, notVerifiedLive = [] }) => ({
    plane,
    port,
    state,
    adapters: adapters.flatMap((name) => {
      const found = imports.find((adapter) => adapter.port === port && adapter.name === name);
      return found ? [{ name, where: found.where, verifiedLive: !notVerifiedLive.includes(name) }] : [];
    }),
  }));
}

function adaptersIn(source: string): { port: string; name: string }[] {
  return [...source.matchAll(/from "[^"]*\/adapters\/([\w-]+)\/([\w-]+)\.ts"/g)].map(([, port = "", name = ""]) => ({ port, name }));
}
