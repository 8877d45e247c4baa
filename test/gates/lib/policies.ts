/** Every mounted route and every action of the socket has an explicit policy, and no policy stands for nothing. */
import { load } from "./load.ts";

interface App {
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}
interface Mounted {
  readonly method: string;
  readonly path: string;
  readonly access: object | null;
}
interface Modules {
  readonly routes: { createApp(resolve: () => never): App };
  readonly route: { listRoutes(app: App): readonly Mounted[] };
  readonly policies: { readonly ROUTE_POLICIES: Readonly<Record<string, object>> };
  readonly frames: { readonly CLIENT_ACTIONS: Readonly<Record<string, unknown>> };
  readonly actions: { readonly SOCKET_POLICIES: Readonly<Record<string, string>> };
}

export async function policyProblems(root: string): Promise<readonly string[]> {
  const [{ createApp }, { listRoutes }, { ROUTE_POLICIES }, { CLIENT_ACTIONS }, { SOCKET_POLICIES }] = await Promise.all([
    load<Modules["routes"]>(root, "routes/index.ts"),
    load<Modules["route"]>(root, "routes/route.ts"),
    load<Modules["policies"]>(root, "routes/policies.ts"),
    load<Modules["frames"]>(root, "packages/protocol/src/frames.ts"),
    load<Modules["actions"]>(root, "src/app/session/viewer-actions.ts"),
  ]);
  const app = createApp(() => {
    throw new Error("no request is made here");
  });
  return [
    ...routeProblems(listRoutes(app), ROUTE_POLICIES),
    ...app.routes.filter(({ method, path }) => method === "ALL" && path !== "/*").map(({ path }) => `ALL ${path} is mounted past route(), so no policy guards it`),
    ...socketProblems(Object.keys(CLIENT_ACTIONS), SOCKET_POLICIES),
  ];
}

function routeProblems(mounted: readonly Mounted[], table: Readonly<Record<string, object>>): string[] {
  const lines = mounted.map(({ method, path }) => `${method} ${path}`);
  return [
    ...mounted.flatMap(({ method, path, access }) => {
      const line = `${method} ${path}`;
      if (access === null) return [`${line} is mounted past route(), so no policy guards it`];
      const expected = table[line];
      if (expected === undefined) return [`${line} is mounted and has no row in routes/policies.ts`];
      return sameAccess(expected, access) ? [] : [`${line} is mounted with ${JSON.stringify(access)}, and routes/policies.ts says ${JSON.stringify(expected)}`];
    }),
    ...lines.filter((line, at) => lines.indexOf(line) !== at).map((line) => `${line} is mounted twice, and only the first answers`),
    ...Object.keys(table).filter((line) => !lines.includes(line)).map((line) => `routes/policies.ts has a row for ${line}, which is not mounted`),
  ];
}

function sameAccess(a: object, b: object): boolean {
  const text = (access: object): string => JSON.stringify(Object.entries(access).sort());
  return text(a) === text(b);
}

function socketProblems(actions: readonly string[], policies: Readonly<Record<string, string>>): string[] {
  return [
    ...actions.filter((action) => !(action in policies)).map((action) => `the socket takes "${action}", and SOCKET_POLICIES says nothing of it`),
    ...Object.keys(policies).filter((action) => !actions.includes(action)).map((action) => `SOCKET_POLICIES speaks of "${action}", which the socket does not take`),
  ];
}
