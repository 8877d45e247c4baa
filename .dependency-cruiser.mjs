/**
 * Which way imports may point. `core ← ports ← app ← session, routes`; adapters know their port and their vendor's SDK.
 * There is no list of known violations: a rule that is broken is repaired.
 */

import swcVisitor from "@swc/core/Visitor.js";

// The walker of the swc parser does not know `using` yet and would give up on the file.
const { prototype } = swcVisitor.Visitor;
const { visitStatement } = prototype;
prototype.visitStatement = function (statement) {
  if (statement.type !== "UsingDeclaration") return visitStatement.call(this, statement);
  this.visitVariableDeclarators(statement.decls);
  return statement;
};

/** What runs in tests only: suites, contracts, kits, harnesses. */
const TEST = "(\\.test\\.ts$|\\.contract\\.ts$|\\.testkit\\.ts$|/testing(\\.ts$|/)|^test/|^packages/[^/]+/test/|^packages/testkit/)";
const PROTOCOL = "^packages/protocol/";
const VENDOR = "node_modules";

/** @param {string} name @param {string} comment @param {string | object} from @param {object} to */
function forbid(name, comment, from, to) {
  return { name, comment, severity: "error", from: typeof from === "string" ? { path: from, pathNot: TEST } : from, to };
}

export default {
  forbidden: [
    forbid("core-is-pure", "The core imports the core, the protocol's words and ipaddr.js, which reads addresses: no other package, no platform.", "^src/core/", {
      pathNot: ["^src/core/", PROTOCOL, "node_modules/ipaddr.js/"],
    }),
    forbid("ports-know-core-only", "A port is made of the core's and the protocol's types; another port is composed by the app.", "^src/ports/([^/]+)/", {
      pathNot: ["^src/core/", PROTOCOL, "^src/ports/$1/"],
    }),
    forbid("contracts-know-ports-and-kit", "A contract takes a harness, so it needs no implementation.", { path: "\\.contract\\.ts$", pathNot: "^src/adapters/" }, {
      pathNot: ["^src/core/", "^src/ports/", PROTOCOL, "^packages/testkit/", VENDOR],
      dependencyTypesNot: ["core"],
    }),
    forbid("adapters-one-way", "An adapter knows its own port, the core, the protocol and its vendor's SDK.", "^src/adapters/([^/]+)/", {
      path: "^(src|routes|packages|test)/",
      pathNot: ["^src/core/", PROTOCOL, "^src/ports/$1/", "^src/adapters/$1/", "^src/db/pg/", "^packages/(sandbox-host|sandbox-runtime)/"],
    }),
    forbid("app-through-ports", "The app asks a port; which adapter answers is the composition's business. It parses with zod what it stored itself, and unpacks with pako what git sends.", "^src/app/", {
      pathNot: ["^src/app/", "^src/core/", "^src/ports/", PROTOCOL, "node_modules/zod/", "node_modules/pako/"],
    }),
    forbid("sandbox-side-knows-no-app", "What runs beside a sandbox knows ports, adapters and the core; the app is on the other end of the wire.", "^packages/(sandbox-host|sandbox-runtime|demo-model)/", {
      path: "^(src/(app|session|org|db)|routes)/",
    }),
    forbid("routes-thin", "A route validates, asks the app and answers.", "^routes/", {
      path: "^(src/(adapters|session|org|compose|db)|packages/)|node_modules/(drizzle-orm|pg|better-auth)",
      pathNot: PROTOCOL,
    }),
    forbid("shell-thin", "A Durable Object shell restores, translates, hands off and persists.", "^src/(session|org)/", {
      pathNot: ["^src/(session|org|app|core|ports)/", "^src/cloudflare\\.d\\.ts$", PROTOCOL, "cloudflare:workers", "@cloudflare/workers-types"],
    }),
    forbid("compose-is-the-root", "Only the entry and the launcher reach the composition.", { path: "^(src|routes|packages)/", pathNot: [TEST, "^src/(worker\\.ts|compose/)", "^packages/launcher/", "^packages/[^/]+/src/main\\.ts$"] }, {
      path: "^src/compose/",
    }),
    forbid("drizzle-stays-home", "Drizzle and the driver are known to the schema and the adapters on PostgreSQL.", { path: "^(src|routes|packages)/", pathNot: [TEST, "^src/db/pg/", "^src/adapters/[^/]+/postgres", "^src/adapters/identity/", "^src/compose/", "^packages/launcher/"] }, {
      path: "node_modules/(drizzle-orm|pg)/",
    }),
    forbid("no-test-kit-in-production", "Nothing that is shipped reaches a suite, a contract or the test kit. The launcher runs the suites.", { path: "^(src|routes|packages/[^/]+/src)/", pathNot: [TEST, "^packages/launcher/"] }, {
      path: ["^packages/testkit/", "node_modules/(vitest|fast-check)/", "\\.(contract|testkit|test)\\.ts$", "/testing(\\.ts$|/)"],
    }),
    forbid("entry-reaches-no-test", "The same over any number of steps.", { path: "^src/worker\\.ts$" }, {
      path: ["^packages/testkit/", "node_modules/vitest/", "\\.(contract|testkit|test)\\.ts$"],
      reachable: true,
    }),
    forbid("web-through-sdk", "The page does what the SDK can do.", "^packages/chat/src/", {
      path: "^(src|routes|packages)/",
      pathNot: ["^packages/chat/", "^packages/sdk/", PROTOCOL],
    }),
    forbid("sdk-knows-protocol", "The SDK runs anywhere, so it needs nothing but the protocol.", "^packages/sdk/src/", {
      pathNot: ["^packages/sdk/", PROTOCOL],
    }),
    forbid("protocol-knows-nobody", "The words everybody speaks depend on their validator only.", "^packages/protocol/", {
      pathNot: [PROTOCOL, "node_modules/zod/"],
    }),
    forbid("no-cycles", "Two files that need each other are one.", {}, { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }),
    forbid("no-unresolvable", "An import that leads nowhere.", {}, { couldNotResolve: true }),
    {
      name: "no-orphans",
      comment: "What nobody imports is called or removed.",
      severity: "error",
      from: { orphan: true, pathNot: [TEST, "\\.d\\.(m)?ts$", "\\.config\\.ts$", "\\.json$", "\\.mjs$"] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules"] },
    exclude: { path: ["(^|/)dist/", "^test/gates/mutants/"] },
    parser: "swc",
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".d.ts", ".json"],
    },
    builtInModules: { add: ["cloudflare:workers", "cloudflare:test", "cloudflare:sockets"] },
  },
};
