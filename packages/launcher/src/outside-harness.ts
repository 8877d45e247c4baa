/** A harness of somebody else's, wherever its file lies: `@berth/…` is found in this checkout from there too. */
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { SandboxHarness } from "@berth/testkit/sandbox";
import { ROOT } from "./paths.ts";
import { UserError } from "./progress.ts";

const MUST_HAVE: Readonly<Record<"name" | "isolation" | "capabilities" | "sandboxesMax" | "create", string>> = {
  name: "string",
  isolation: "string",
  capabilities: "object",
  sandboxesMax: "number",
  create: "function",
};

/** @throws UserError that names what is lacking */
export async function loadHarness(path: string): Promise<SandboxHarness> {
  const file = resolve(path);
  if (!existsSync(file)) throw new UserError(`--harness: there is no file ${file}.`);
  const here = pathToFileURL(join(ROOT, "package.json")).href;
  registerHooks({
    resolve: (specifier, context, next) => next(specifier, specifier.startsWith("@berth/") ? { ...context, parentURL: here } : context),
  });
  const { harness } = (await import(pathToFileURL(file).href)) as { readonly harness?: Partial<SandboxHarness> };
  if (typeof harness !== "object") throw new UserError(`--harness: ${path} exports no \`harness\`; see docs/guides/sandbox-backend.md.`);
  for (const [field, type] of Object.entries(MUST_HAVE)) {
    const found: unknown = harness[field as keyof typeof MUST_HAVE];
    if (typeof found !== type) throw new UserError(`--harness: \`${field}\` of ${path} is to be a ${type}, and is ${found === undefined ? "not there" : typeof found}.`);
  }
  return harness as SandboxHarness;
}
