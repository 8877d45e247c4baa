/**
 * `npm run secrets:rotate`: brings the secrets of all organizations of a running instance under its newest master key, and
 * says which older ones may be dropped. The instance is the one of the data folder, or the one of `--url` with
 * OPERATOR_TOKEN. `--new-key` makes the next master key of a data folder whose instance does not run.
 */
import { parseArgs } from "node:util";
import { LocalState, withNewMasterKey } from "../local-state.ts";
import { UserError } from "../progress.ts";
import { droppable, unreadableInWords, walkSecrets, type Instance } from "../secret-renewal.ts";
import { readSettings } from "../settings.ts";

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { url: { type: "string" }, "new-key": { type: "boolean" }, "data-dir": { type: "string" } } });
  const { dataDir } = readSettings(values["data-dir"] === undefined ? [] : ["--data-dir", values["data-dir"]], process.env);
  const state = new LocalState(dataDir);
  if (values["new-key"]) return makeNewKey(state);
  const { walk, dropped } = await rotateSecrets(values.url === undefined ? localInstance(state) : named(values.url), values.url === undefined ? state : null);
  const total = Object.values(walk.under).reduce((sum, count) => sum + count, 0);
  console.log(`  ${walk.renewed} of ${total} secrets in ${walk.organizations} organizations were moved; the newest master key is ${walk.newest}.`);
  for (const version of droppable(walk)) {
    console.log(`  Master key ${version} may be dropped: no secret is under it${dropped ? ", and the next start is without it" : ". Take it out of MASTER_KEYS"}.`);
  }
  const problems = unreadableInWords(walk);
  for (const problem of problems) console.log(`  ✗ ${problem}`);
  if (problems.length > 0) console.log("  Configure those master keys again, or have the secrets entered again. See docs/SECURITY.md, Keys at rest.");
  return problems.length > 0 ? 1 : 0;
}

/** A second look says what is left, since a Worker of the old configuration may have written meanwhile. */
async function rotateSecrets(instance: Instance, state: LocalState | null) {
  const { renewed } = await walkSecrets(instance, { look: false });
  const walk = { ...(await walkSecrets(instance, { look: true })), renewed };
  const free = droppable(walk);
  const secrets = state?.knownSecrets() ?? null;
  if (state === null || secrets === null || free.length === 0) return { walk, dropped: false };
  state.saveSecrets({ ...secrets, olderMasterKeys: secrets.olderMasterKeys.filter((each) => !free.includes(Number(each.split(":")[0]))) });
  return { walk, dropped: true };
}

async function makeNewKey(state: LocalState): Promise<number> {
  state.prepareFolder();
  await state.lock(); // refuses while the instance runs
  try {
    const secrets = withNewMasterKey(state.secrets());
    state.saveSecrets(secrets);
    console.log(`  Master key ${secrets.masterKeyVersion} is in ${state.dataDir}/secrets.json; the next start writes under it. Then:  npm run secrets:rotate`);
    return 0;
  } finally {
    state.unlock();
  }
}

function localInstance(state: LocalState): Instance {
  const url = state.running()?.url ?? null;
  const secrets = state.knownSecrets();
  if (url === null || secrets === null) throw new UserError("No instance runs from this data folder. Start it:  npm start\nor name another:  OPERATOR_TOKEN=… npm run secrets:rotate -- --url https://…");
  return { url, operatorToken: secrets.operatorToken };
}

function named(url: string): Instance {
  const operatorToken = process.env.OPERATOR_TOKEN;
  if (!operatorToken) throw new UserError("OPERATOR_TOKEN is not set: the secret of that name which the instance was deployed with.");
  return { url: url.replace(/\/$/, ""), operatorToken };
}
