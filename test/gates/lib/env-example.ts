/** `.dev.vars.example` names what the schema of the Worker's variables names, explains it, and passes the schema itself. */
import type { z } from "zod";
import { read } from "./files.ts";
import { load } from "./load.ts";

const EXAMPLE = ".dev.vars.example";
const SCHEMA = "src/compose/env.ts";

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly explained: boolean;
}

export async function envExampleProblems(root: string): Promise<readonly string[]> {
  const { WorkerVars } = await load<{ readonly WorkerVars: z.ZodObject }>(root, SCHEMA);
  const known = Object.keys(WorkerVars.shape);
  const entries = readEntries(read(root, EXAMPLE));
  const names = entries.map(({ name }) => name);
  const parsed = WorkerVars.safeParse(Object.fromEntries(entries.map(({ name, value }) => [name, value])));
  return [
    ...known.filter((name) => !names.includes(name)).map((name) => `${EXAMPLE} does not name ${name}, which ${SCHEMA} has`),
    ...names.filter((name) => !known.includes(name)).map((name) => `${EXAMPLE} names ${name}, which ${SCHEMA} does not have`),
    ...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `${EXAMPLE} names ${name} twice`),
    ...entries.filter(({ explained }) => !explained).map(({ name }) => `${EXAMPLE} says nothing of ${name}; write a comment above it`),
    ...(parsed.error?.issues ?? []).filter(({ path }) => names.includes(String(path[0]))).map(({ path, message }) => `${EXAMPLE} gives ${path.join(".")} a value that its schema refuses: ${message}`),
  ];
}

/** `NAME=value`, or `# NAME=value` for what may be left out, each under its comment. */
function readEntries(text: string): Entry[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) => {
    const match = /^(?:# ?)?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    if (!match) return [];
    const above = lines[at - 1] ?? "";
    const [, name = "", value = ""] = match;
    return [{ name, value: value.replace(/^(["'])(.*)\1$/, "$2"), explained: above.startsWith("# ") && !/^# ?[A-Z][A-Z0-9_]*=/.test(above) }];
  });
}
