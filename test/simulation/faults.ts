/** Which faults are drawn, how each is made to happen, and which of the catalogs' are not, with the reason. */
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { AGENT_FAULTS } from "../../src/ports/agent/agent.faults.ts";
import { BLOB_STORE_FAULTS } from "../../src/ports/blob-store/blob-store.faults.ts";
import { CATALOG_FAULTS } from "../../src/ports/catalog/catalog.faults.ts";
import { EVENT_BUS_FAULTS } from "../../src/ports/event-bus/event-bus.faults.ts";
import { IDENTITY_FAULTS } from "../../src/ports/identity/identity.faults.ts";
import { LEDGER_FAULTS } from "../../src/ports/ledger/ledger.faults.ts";
import { MODEL_GATEWAY_FAULTS } from "../../src/ports/model-gateway/model-gateway.faults.ts";
import { RUN_HISTORY_FAULTS } from "../../src/ports/run-history/run-history.faults.ts";
import { SANDBOX_FAULTS } from "../../src/ports/sandbox/sandbox.faults.ts";
import { SCHEDULER_FAULTS } from "../../src/ports/scheduler/scheduler.faults.ts";
import { SECRET_VAULT_FAULTS } from "../../src/ports/secret-vault/secret-vault.faults.ts";
import { SESSION_STORE_FAULTS } from "../../src/ports/session-store/session-store.faults.ts";
import { BY_HAND, occasion, type Happen } from "./fault-acts.ts";
import type { LogChecks } from "./log-checks.ts";
import type { Machines } from "./machines.ts";
import type { SimObject } from "./object.ts";
import type { Outside } from "./object-ports.ts";
import type { People } from "./people.ts";
import type { Viewer } from "./viewers.ts";
import type { World } from "./world.ts";

export interface Stage {
  readonly world: World;
  /** What the committed log says. */
  readonly log: LogChecks;
  readonly object: SimObject;
  readonly machines: Machines;
  readonly outside: Outside;
  readonly viewers: readonly Viewer[];
  readonly people: People;
  /** By port. */
  readonly scripts: Readonly<Record<string, FaultScript>>;
}

export const CATALOGS = [
  AGENT_FAULTS,
  BLOB_STORE_FAULTS,
  CATALOG_FAULTS,
  EVENT_BUS_FAULTS,
  IDENTITY_FAULTS,
  LEDGER_FAULTS,
  MODEL_GATEWAY_FAULTS,
  RUN_HISTORY_FAULTS,
  SANDBOX_FAULTS,
  SCHEDULER_FAULTS,
  SECRET_VAULT_FAULTS,
  SESSION_STORE_FAULTS,
];

const ROUTES = "asked for by routes and never by a session";
/** A fault's id, or the beginning of several, with the reason why no session meets it. */
export const NOT_DRAWN: Readonly<Record<string, string>> = {
  "blob-store:get:range-past-end": "a session reads its blobs whole",
  "blob-store:put:concurrent": "an archived page has one writer, which is asked again after a crash: that is drawn",
  "blob-store:put:twice": "the same: a page whose rows were not let go is put again",
  "catalog:removeProvider:": ROUTES,
  "catalog:addProvider:": ROUTES,
  "catalog:listSessions:": ROUTES,
  "catalog:listProviders:": ROUTES,
  "catalog:findEnvironment:": "asked for where a sandbox's own request comes in, and by a session that is in an environment, of which there is none here: test/disruption/catalog.disruption.test.ts",
  "catalog:rememberAnswer:": ROUTES,
  "event-bus:read:": "the organization's feed is read by pages and lists",
  "event-bus:publish:evicted": "the feed in memory has no life outside of it",
  "identity:revokeApiKey:": ROUTES,
  "identity:ensureOwner:": ROUTES,
  "identity:createApiKey:": ROUTES,
  "identity:redeemSignInToken:": ROUTES,
  "identity:listApiKeys:": ROUTES,
  "identity:authenticate:down": ROUTES,
  "identity:authenticate:cut": ROUTES,
  "identity:authenticate:expired": ROUTES,
  "identity:authenticate:slow": ROUTES,
  "identity:authenticate:member-removed": "closes viewers as a revoked key does",
  "ledger:reserve:evicted": "the ledger in memory has no life outside of it",
  "model-gateway:": "the upstream is the broker's; the session sees the agent's turn fail, which is drawn",
  "run-history:get:": ROUTES,
  "run-history:list:": ROUTES,
  "sandbox:exec:": "a session runs no command in a sandbox by itself",
  "sandbox:list:": "sandboxes are listed by the host's sweep",
  "secret-vault:": "secrets are read by the broker",
  "session-store:open:newer-schema": "memory does not outlive the version that wrote it",
};

const armed = (port: string, id: string): Happen => ({ scripts }) => {
  scripts[port]?.arm(id);
  return true;
};

export interface Draw {
  readonly id: string;
  readonly happen: Happen;
}

export function isNotDrawn(id: string): boolean {
  return Object.keys(NOT_DRAWN).some((start) => id.startsWith(start));
}

function draws(): readonly Draw[] {
  const catalogued = CATALOGS.flatMap(({ port, faults }) => faults.map(({ id }) => ({ id, port }))).filter(({ id }) => !isNotDrawn(id));
  const byScript = catalogued.filter(({ id }) => !(id in BY_HAND)).map(({ id, port }) => [id, armed(port, id)] as const);
  return [...Object.entries(BY_HAND), ...byScript].map(([id, happen]) => ({ id, happen: (stage) => occasion(id, stage) && happen(stage) }));
}

export const DRAWS = draws();

/** They strike seldom where they are drawn, since what they strike is seldom done; or there is much that they may spoil. */
const OFTENER = ["agent:answer:", "agent:steer:", "blob-store:get:", "blob-store:put:", "run-history:flush:", "session-store:commit:", "sandbox:describe:not-found", "sandbox:describePolicy:lost", "runtime:measure:fails", "object:hibernates", "scheduler:fire:after-clear"];
const OFTENER_TIMES = 4;

/** To draw from. */
export const WEIGHTED_DRAWS: readonly Draw[] = DRAWS.flatMap((draw) =>
  Array.from({ length: OFTENER.some((start) => draw.id.startsWith(start)) ? OFTENER_TIMES : 1 }, () => draw),
);
