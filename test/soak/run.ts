/**
 * `npm run soak [-- --only NAME] [--points N] [--seed S] [--write]`: every long count of the house in one program, one
 * after the other, since each takes the whole machine. `--write` puts the figures into `docs/runbooks/soak.md`.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { ROOT } from "../../packages/launcher/src/paths.ts";
import { UserError } from "../../packages/launcher/src/progress.ts";
import { figuresIn, formatRow, withRows, type Figures, type SoakRow } from "./figures.ts";
import { PARTS, type SoakPart } from "./parts.ts";

const PAGE = join(ROOT, "docs", "runbooks", "soak.md");
const USAGE = `npm run soak -- [--only NAME, may be repeated] [--points N] [--seed S] [--write]
  --points  of each kind of kill, instead of 20
  --write   puts the figures into docs/runbooks/soak.md
  --only    one of: ${PARTS.map(({ name }) => name).join(", ")}`;

/** @returns 0 when every count passed */
export async function run(args: readonly string[]): Promise<number> {
  const { parts, env, write } = readOptions(args);
  const rows: SoakRow[] = [];
  for (const part of parts) {
    console.log(`\n── ${part.name}: ${part.about}`);
    const taken = await take(part, env);
    rows.push(...taken);
    if (write) writeFileSync(PAGE, withRows(readFileSync(PAGE, "utf8"), taken));
  }
  console.log(`\n${rows.map(formatRow).join("\n")}`);
  const failed = rows.filter(({ ok }) => !ok).length;
  console.log(`${rows.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** One row per line of figures; one all the same when there was none. */
async function take({ name, file, titles }: SoakPart, env: Readonly<Record<string, string>>): Promise<SoakRow[]> {
  const began = performance.now();
  const found: Figures[] = [];
  const vitest = [join(ROOT, "node_modules", "vitest", "vitest.mjs"), "run", "--config", "vitest.e2e.config.ts", file, ...(titles === undefined ? [] : ["-t", titles])];
  const child = spawn(process.execPath, vitest, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, SOAK: "1", ...env } });
  createInterface({ input: child.stdout }).on("line", (line) => {
    console.log(line);
    const figures = figuresIn(line);
    if (figures) found.push(figures);
  });
  const code = await new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? 1)));
  const common = { at: new Date().toISOString().slice(0, 16).replace("T", " "), ok: code === 0, seconds: (performance.now() - began) / 1000 };
  if (found.length === 0) return [{ ...common, name, figures: { kind: name } }];
  return found.map((figures) => ({ ...common, name: found.length === 1 ? name : `${name}: ${figures.kind}`, figures }));
}

function readOptions(args: readonly string[]): { readonly parts: readonly SoakPart[]; readonly env: Record<string, string>; readonly write: boolean } {
  const { only = [], points, seed, write = false } = parse(args);
  const unknown = only.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) throw new UserError(`There is no count "${unknown.join(", ")}".\n${USAGE}`);
  const parts = PARTS.filter(({ name }) => only.length === 0 || only.includes(name));
  return { parts, write, env: { ...(points === undefined ? {} : { POINTS: points }), ...(seed === undefined ? {} : { SEED: seed }) } };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { only: { type: "string", multiple: true }, points: { type: "string" }, seed: { type: "string" }, write: { type: "boolean" } },
    }).values;
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n${USAGE}`);
  }
}
