/**
 * `npm run models:refresh`: takes models.dev's data anew and writes what ships of it. `MODELS_URL` names another address of
 * the same; `-- --from FILE --taken-on DATE --source WORDS` takes a copy from this machine.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { catalogueUrl, downloadCatalogue, readCatalogue } from "../model-catalogue.ts";
import { renderModelData, trimModels } from "../model-data.ts";
import { ROOT } from "../paths.ts";
import { UserError } from "../progress.ts";

const MODEL_DATA_FILE = join(ROOT, "src/compose/model-data.ts");
/** Fewer providers than any real copy has: an error page, or another format. */
const PROVIDERS_MIN = 10;

/** Writes nothing unless all of it was read. */
export async function run(args: readonly string[], { env = process.env, into = MODEL_DATA_FILE }: { readonly env?: Readonly<Record<string, string | undefined>>; readonly into?: string } = {}): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { from: { type: "string" }, "taken-on": { type: "string" }, source: { type: "string" } } });
  const url = catalogueUrl(env);
  const text = values.from === undefined ? await downloadCatalogue(url) : readFileSync(values.from, "utf8");
  const providers = trimModels(readCatalogue(text));
  if (providers.length < PROVIDERS_MIN) throw new UserError(`  Only ${providers.length} providers with prices were found, so nothing was written.`);
  const takenOn = values["taken-on"] ?? new Date().toISOString().slice(0, 10);
  writeFileSync(into, renderModelData(providers, { takenOn, source: values.source ?? url }));
  const models = providers.reduce((sum, provider) => sum + Object.keys(provider.models).length, 0);
  console.log(`  ${models} models of ${providers.length} providers, as of ${takenOn}. Build and start again to use them.`);
  return 0;
}
