/** `npm run doctor`: looks at the machine, the instance and the composition, changes nothing, and exits 1 when something is wrong. */
import { readImageBuild } from "../../../../src/adapters/sandbox/docker/image-build.ts";
import { chooseBackends, chosenImage } from "../default-backends.ts";
import { checkFolder, checkLeftovers, checkMigrations, checkOrganizations, checkPort, checkSecrets } from "../doctor/instance.ts";
import { checkDisk, checkDocker, checkInstalled, checkIsolation, checkNode, checkWarm } from "../doctor/machine.ts";
import { bad, type Finding } from "../doctor/finding.ts";
import { checkPublicUrl } from "../doctor/public-url.ts";
import { composedPorts } from "../doctor/ports.ts";
import { renderGroup, renderPorts, renderVerdict } from "../doctor/report.ts";
import { checkSignIn } from "../doctor/sign-in.ts";
import { checkVariables } from "../doctor/variables.ts";
import { LocalState } from "../local-state.ts";
import { IMAGE_BUILD, ROOT } from "../paths.ts";
import { UserError } from "../progress.ts";
import { readSettings, type GivenSettings } from "../settings.ts";
import { warmMax } from "../warm-max.ts";

export async function run(args: readonly string[]): Promise<number> {
  const { settings: given, wrong } = settingsOf(args);
  const { settings } = await chooseBackends(given);
  const state = new LocalState(settings.dataDir);
  const machine = [
    checkNode(process.version),
    checkInstalled(ROOT),
    checkDisk(settings.dataDir),
    await checkIsolation(settings.sandboxBackends, settings.trustAgent),
    await checkDocker(settings.sandboxBackends, { isDefault: given.sandboxBackends === null, build: readImageBuild(IMAGE_BUILD, chosenImage()) }),
    checkWarm(warmMax()),
  ];
  const instance = [
    ...wrong,
    checkFolder(state),
    await checkPort(state, settings.port),
    checkLeftovers(state),
    await checkMigrations(state, settings.databaseUrl),
    ...(await checkOrganizations(state, settings.databaseUrl)),
    ...(await checkSecrets(state)),
    ...checkVariables(ROOT),
    ...(await checkPublicUrl(state, settings.publicUrl, process.env)),
    checkSignIn(process.env),
  ];
  console.log("");
  console.log(renderGroup("Machine", machine));
  console.log(renderGroup("Instance", instance));
  console.log(renderPorts(composedPorts(ROOT)));
  const all = [...machine, ...instance];
  console.log(`${renderVerdict(all)}\n`);
  return all.some(({ status }) => status === "bad") ? 1 : 0;
}

/** Wrong variables are a finding each; the rest is then looked at without them. Wrong arguments are refused. */
function settingsOf(args: readonly string[], env: NodeJS.ProcessEnv = process.env): { settings: GivenSettings; wrong: readonly Finding[] } {
  try {
    return { settings: readSettings(args, env), wrong: [] };
  } catch (error) {
    // Each names its option with its variable.
    const variable = error instanceof UserError ? /\(([A-Z_]+)\)/.exec(error.message)?.[1] : undefined;
    if (!(error instanceof UserError) || variable === undefined || env[variable] === undefined) throw error;
    const rest = settingsOf(args, { ...env, [variable]: undefined });
    return { settings: rest.settings, wrong: [bad("Settings", (error.message.split("\n")[0] ?? "").trim(), `unset ${variable}`), ...rest.wrong] };
  }
}
