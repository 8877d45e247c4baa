/**
 * The services that Modal's SDK speaks, as the SDK itself defines them: a stand-in that is made of these decodes what is
 * really sent, and cannot answer what the SDK would not understand. The SDK keeps them to itself, so they are taken out of
 * its own text.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, dirname } from "node:path";
import { compileFunction } from "node:vm";
import type { CompatServiceDefinition } from "nice-grpc";

export interface Method {
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}
type Definition = CompatServiceDefinition & { readonly fullName: string; readonly methods: Readonly<Record<string, Method>> };

interface Definitions {
  readonly control: Definition;
  readonly router: Definition;
}

let read: Definitions | undefined;

/** @throws Error when the SDK does not have them where they are looked for */
export function modalDefinitions(): Definitions {
  return (read ??= readDefinitions());
}

function readDefinitions(): Definitions {
  const require = createRequire(import.meta.url);
  const path = join(dirname(require.resolve("modal")), "index.cjs");
  const text = `${readFileSync(path, "utf8")}\nmodule.exports = { control: ModalClientDefinition, router: TaskCommandRouterDefinition };`;
  const module: { exports: Definitions | undefined } = { exports: undefined };
  const load = compileFunction(text, ["exports", "require", "module"], { filename: path }) as (exports: unknown, require: NodeJS.Require, module: unknown) => void;
  load({}, createRequire(path), module);
  if (module.exports?.control === undefined || module.exports.router === undefined) throw new Error(`${path} has no definitions of its services`);
  return module.exports;
}
