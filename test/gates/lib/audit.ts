/** Every route that changes something is written down, or says why it is nobody's deed. */
import { load } from "./load.ts";

interface App {
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}
interface Mounted {
  readonly method: string;
  readonly path: string;
  readonly access: { readonly policy: string } | null;
  readonly audit: string | { readonly exempt: string } | null;
}
interface Modules {
  readonly routes: { createApp(resolve: () => never): App };
  readonly route: { listRoutes(app: App): readonly Mounted[] };
}

/** What only its own handler can write down, since nobody is known before it is done. */
const TOKENS: readonly string[] = ["public", "person", "operator", "link-token", "sandbox-token"];
const REASON_MIN = 20;

export async function auditProblems(root: string): Promise<{ readonly summary: string; readonly problems: readonly string[] }> {
  const [{ createApp }, { listRoutes }] = await Promise.all([load<Modules["routes"]>(root, "routes/index.ts"), load<Modules["route"]>(root, "routes/route.ts")]);
  const mounted = listRoutes(
    createApp(() => {
      throw new Error("no request is made here");
    }),
  );
  const deeds = mounted.filter(({ method }) => method !== "GET");
  const exempt = deeds.flatMap((each) => (typeof each.audit === "object" && each.audit !== null ? [`${each.method} ${each.path}: ${each.audit.exempt}`] : []));
  const of = (word: string): number => deeds.filter(({ audit }) => audit === word).length;
  const summary = [`audit: ${of("all")} deeds written down by route(), ${of("refusals")} more where they are refused, ${of("itself")} by their handlers, ${exempt.length} exempt:`, ...exempt].join("\n  ");
  return { summary, problems: deeds.flatMap(problemsOf) };
}

function problemsOf({ method, path, access, audit }: Mounted): readonly string[] {
  const line = `${method} ${path}`;
  if (audit === null) return [`${line} changes something, and nobody writes it down`];
  if (typeof audit === "object") return audit.exempt.length < REASON_MIN ? [`${line} is not written down, and "${audit.exempt}" is no reason`] : [];
  const isToken = TOKENS.includes(access?.policy ?? "");
  if (isToken && audit !== "itself") return [`${line} has no principal that route() could write down: its handler must, or it says why not`];
  return [];
}
