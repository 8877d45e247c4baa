/** The fifteen ports by plane. `complete` ones have their whole bundle; the gate counts them and refuses to go back. */
export type Plane = "compute" | "agent" | "identity" | "state" | "edge";

export interface PortEntry {
  readonly plane: Plane;
  readonly port: string;
  /** Prefix of its rule ids in SPEC.md. */
  readonly rules: string;
  /** Adapter files below `src/adapters/<port>/`, without `.ts`. */
  readonly adapters: readonly string[];
  /** Those of them that met only stand-ins made from their product's papers, until a run against the product is recorded. */
  readonly notVerifiedLive?: readonly string[];
  /** `planned` ports have a SPEC.md only. */
  readonly state: "complete" | "planned";
}

export const PORTS: readonly PortEntry[] = [
  { plane: "compute", port: "sandbox", rules: "SBX", adapters: ["process", "docker", "modal", "remote"], notVerifiedLive: ["modal"], state: "complete" },
  { plane: "agent", port: "agent", rules: "AGT", adapters: ["opencode", "acp"], state: "complete" },
  { plane: "agent", port: "model-gateway", rules: "MGW", adapters: ["direct", "litellm", "bifrost"], notVerifiedLive: ["litellm", "bifrost"], state: "complete" },
  { plane: "identity", port: "identity", rules: "IDN", adapters: ["better-auth"], state: "complete" },
  { plane: "identity", port: "secret-vault", rules: "VLT", adapters: ["postgres", "onepassword", "onepassword-service-account"], notVerifiedLive: ["onepassword", "onepassword-service-account"], state: "complete" },
  { plane: "state", port: "session-store", rules: "SST", adapters: ["do-sqlite", "node-sqlite"], state: "complete" },
  { plane: "state", port: "run-history", rules: "RNH", adapters: ["postgres"], state: "complete" },
  { plane: "state", port: "catalog", rules: "CAT", adapters: ["postgres"], state: "complete" },
  { plane: "state", port: "blob-store", rules: "BLB", adapters: ["r2", "filesystem"], state: "complete" },
  { plane: "state", port: "ledger", rules: "LDG", adapters: ["org-ledger-do"], state: "complete" },
  { plane: "edge", port: "source-control", rules: "SRC", adapters: ["plain-git", "github"], notVerifiedLive: ["github"], state: "complete" },
  { plane: "edge", port: "connector", rules: "CON", adapters: [], state: "planned" },
  { plane: "edge", port: "channel", rules: "CHN", adapters: [], state: "planned" },
  { plane: "edge", port: "event-bus", rules: "BUS", adapters: ["org-events-do"], state: "complete" },
  { plane: "edge", port: "scheduler", rules: "SCH", adapters: ["do-alarm", "cron"], state: "complete" },
];
