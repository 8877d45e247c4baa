/** `npm run doctor`: looks at the machine, the instance and the composition, changes nothing, and exits 1 when something is wrong. */
import { checkFolder, checkLeftovers, checkMigrations, checkPort } from "../doctor/instance.ts";
import { checkDisk, checkDocker, checkInstalled, checkIsolation, checkNode } from "../doctor/machine.ts";
import { bad, type Finding } from "../doctor/finding.ts";
import { composedPorts } from "../doctor/ports.ts";
import { renderGroup, renderPorts, renderVerdict } from "../doctor/report.ts";
import { checkVariables } from "../doctor/variables.ts";
import { LocalState } from "../local-state.ts";
import { ROOT } from "../paths.ts";
import { UserError } from "../progress.ts";
import { readSettings, type Settings } from "../settings.ts";

export async function run(args: readonly string[]): Promise<number> {
  const { settings, wrong } = settingsOf(args);
  const state = new LocalState(settings.dataDir);
  const machine = [
    checkNode(process.version),
    checkInstalled(ROOT),
    checkDisk(settings.dataDir),
    await checkIsolation(settings.sandboxBackends, settings.trustAgent),
    checkDocker(settings.sandboxBackends),
  ];
  const instance = [
    ...wrong,
    checkFolder(state),
    await checkPort(state, settings.port),
    checkLeftovers(state),
    await checkMigrations(state, settings.databaseUrl),
    ...checkVariables(ROOT),
  ];
  console.log("");
  console.log(renderGroup("Machine", machine));
  console.log(renderGroup("Instance", instance));
  console.log(renderPorts(composedPorts(ROOT)));
  const all = [...machine, ...instance];
  console.log(`${renderVerdict(all)}\n`);
  return all.some(({ status }) => status === "bad") ? 1 : 0;
}

/** Wrong variables are a finding like others; the rest is then looked at with the usual settings. Wrong arguments are refused. */
function settingsOf(args: readonly string[]): { settings: Settings; wrong: readonly Finding[] } {
  try {
    return { settings: readSettings(args, process.env), wrong: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const names = ["PORT", "ALLOW_ORIGINS"].filter((name) => process.env[name] !== undefined);
    const settings = readSettings(args, { ...process.env, PORT: undefined, ALLOW_ORIGINS: undefined });
    return { settings, wrong: [bad("Settings", (error.message.split("\n")[0] ?? "").trim(), `unset ${names.join(" ")}`)] };
  }
}
