/** Runs the command named first: `main.ts <command> [arguments]`. Each command is one file that exports `run(args)`. */
import { UserError } from "./progress.ts";

type Command = (args: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, () => Promise<{ run: Command }>>> = {
  start: () => import("./commands/start.ts"),
  dev: () => import("./commands/dev.ts"),
  build: () => import("./commands/build.ts"),
  test: () => import("./commands/test.ts"),
  check: () => import("./commands/check.ts"),
  image: () => import("./commands/image.ts"),
  doctor: () => import("./commands/doctor.ts"),
  journey: () => import("./commands/journey.ts"),
  conformance: () => import("./commands/conformance.ts"),
  contract: () => import("./commands/contract.ts"),
  fuzz: () => import("./commands/fuzz.ts"),
  simulate: () => import("./commands/simulate.ts"),
  bench: () => import("./commands/bench.ts"),
  soak: () => import("./commands/soak.ts"),
  "models:refresh": () => import("./commands/models-refresh.ts"),
  "db:migrate": () => import("./commands/db-migrate.ts"),
  "db:reset": () => import("./commands/db-reset.ts"),
  "secrets:rotate": () => import("./commands/secrets-rotate.ts"),
};

const [name = "", ...args] = process.argv.slice(2);
const load = COMMANDS[name];
if (!load) {
  console.error(`There is no command "${name}". There are: ${Object.keys(COMMANDS).join(", ")}`);
  process.exit(2);
}
try {
  const { run } = await load();
  process.exitCode = await run(args);
} catch (error) {
  console.error(error instanceof UserError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
