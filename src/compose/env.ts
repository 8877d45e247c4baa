/** The variables and bindings of the Worker. `.dev.vars.example` lists the same names; a gate compares them. */
import type { R2Bucket, Fetcher, DurableObjectNamespace, Hyperdrive } from "@cloudflare/workers-types";
import { z } from "zod";
import { USUAL_LIMITS } from "../core/sandbox/resources.ts";

const VARS = z.object({
  /** Where people and SDKs reach this instance, without trailing slash. */
  PUBLIC_URL: z.url(),
  /** Below which each port of a session has an origin of its own, with PUBLIC_URL's scheme and port. Absent: no previews. */
  WORKSPACE_DOMAIN: z.string().regex(/^[a-z\d-]+(\.[a-z\d-]+)*$/, "is a domain's name in small letters, without scheme and port").optional(),
  /** Where sandboxes reach it, when that is another address. */
  SANDBOX_URL: z.url().optional(),
  /** Address of the sandbox host, without trailing slash. */
  SANDBOX_HOST_URL: z.url(),
  /** Shared with the sandbox host; signs every call between the two. */
  SANDBOX_HOST_SECRET: z.string().min(32),
  /** JSON: backend → address of its own sandbox host, where that is not the one above. It knows the same secret. */
  SANDBOX_HOSTS: z.string().optional(),
  /** Backends in the order they are tried, comma-separated. */
  SANDBOX_BACKENDS: z.string().min(1),
  /** `version:base64 of 32 bytes`, comma-separated, the newest last. Everything in the vault hangs on them. */
  MASTER_KEYS: z.string().min(1),
  /** Signs sign-in cookies, and keys the hashes of requests under an Idempotency-Key. */
  AUTH_SECRET: z.string().min(32),
  /** Who may make an account uninvited: addresses, domains, github-org:name, comma-separated. Absent: nobody. */
  SIGN_UP_ALLOW: z.string().optional(),
  /** The sender of mails, which the sandbox host sends by its SMTP_URL. Absent: no mails. */
  MAIL_FROM: z.string().min(3).max(320).optional(),
  /** OAuth app of GitHub; absent: nobody signs in with GitHub. */
  GITHUB_CLIENT_ID: z.string().min(1).optional(),
  GITHUB_CLIENT_SECRET: z.string().min(1).optional(),
  /** A GitHub Enterprise Server of one's own. */
  GITHUB_URL: z.url().default("https://github.com"),
  /** OAuth client of Google; absent: nobody signs in with Google. */
  GOOGLE_CLIENT_ID: z.string().min(1).optional(),
  GOOGLE_CLIENT_SECRET: z.string().min(1).optional(),
  /** The issuer that the client is registered with. */
  GOOGLE_ISSUER: z.url().default("https://accounts.google.com"),
  /** Authorizes `/internal/*`; absent switches those routes off. */
  OPERATOR_TOKEN: z.string().min(32).optional(),
  /** JSON: origin → name of the service binding that reaches it. */
  OPERATOR_ORIGINS: z.string().optional(),
  /** Address of the demo model; empty switches it off. */
  DEMO_MODEL_URL: z.string().optional(),
  /** What carries calls to models: straight to the provider, or by way of the operator's gateway. */
  MODEL_GATEWAY: z.enum(["direct", "litellm", "bifrost"]).default("direct"),
  /** `strip`: the gateway has keys of its own. `forward`: it gets the organization's key with each call. */
  MODEL_GATEWAY_KEYS: z.enum(["strip", "forward"]).default("strip"),
  /** Address of the LiteLLM proxy, and the virtual key that it is called with. */
  LITELLM_URL: z.url().optional(),
  LITELLM_KEY: z.string().min(1).optional(),
  /** The same of Bifrost. */
  BIFROST_URL: z.url().optional(),
  BIFROST_KEY: z.string().min(1).optional(),
  /** Where secrets are kept, sealed under MASTER_KEYS in every place. The sandbox host has the token of the service account. */
  SECRET_VAULT: z.enum(["postgres", "onepassword", "onepassword-service-account"]).default("postgres"),
  /** Address of a 1Password Connect server, its token, and the id of the vault that the token reads and writes. */
  OP_CONNECT_HOST: z.url().optional(),
  OP_CONNECT_TOKEN: z.string().min(1).optional(),
  OP_CONNECT_VAULT: z.string().regex(/^[\da-z]{26}$/, "is the vault's id, 26 letters and digits").optional(),
  /** The most memory, and processors, that an environment may ask for its sandboxes. The sandbox host has the same. */
  SANDBOX_MEMORY_MB_MAX: z.coerce.number().int().min(256).default(USUAL_LIMITS.memoryMb),
  SANDBOX_CPUS_MAX: z.coerce.number().positive().default(USUAL_LIMITS.cpus),
  /** How many requests a key or sign-in may make in a minute, all at once or not. */
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().positive().default(6_000),
  /** The header in which whoever is in front of Berth says which network address asks. */
  CLIENT_ADDRESS_HEADER: z.string().regex(/^[a-z0-9-]+$/i, "is the name of a header").optional(),
  /** `1` when Berth runs on its user's own machine. */
  LOCAL_MACHINE: z.enum(["0", "1"]).optional(),
  /** Ids of the organizations that may use it, comma-separated. Absent: the one that was made first. */
  MACHINE_ORGANIZATIONS: z.string().regex(/^[\w-]+(,[\w-]+)*$/, "is ids of organizations, comma-separated").optional(),
});

/** What a choice needs besides. */
const NEEDED_BY = {
  MODEL_GATEWAY: { litellm: ["LITELLM_URL"], bifrost: ["BIFROST_URL"] },
  SECRET_VAULT: { onepassword: ["OP_CONNECT_HOST", "OP_CONNECT_TOKEN", "OP_CONNECT_VAULT"] },
} as const satisfies { readonly [Name in keyof z.infer<typeof VARS>]?: Readonly<Record<string, readonly (keyof z.infer<typeof VARS>)[]>> };

/** Below these whoever comes first has a name, and browsers let none of them set cookies for all. */
const PUBLIC_SUFFIX = /^(ac|co|com|edu|gov|ne|net|or|org)\.[a-z]{2}$/;

/** Whether pages at one could set cookies for the other: siblings do as well, by the name they have in common. A name without a dot takes none. */
function sharesCookies(domain: string, host: string): boolean {
  const end = (labels: number): string => domain.split(".").slice(-labels).join(".");
  const site = end(PUBLIC_SUFFIX.test(end(2)) ? 3 : 2);
  return site.includes(".") && `.${host}`.endsWith(`.${site}`);
}

export const WorkerVars = VARS.superRefine((vars, context) => {
  if (vars.WORKSPACE_DOMAIN !== undefined && sharesCookies(vars.WORKSPACE_DOMAIN, URL.parse(vars.PUBLIC_URL)?.hostname ?? "")) {
    context.addIssue({ code: "custom", path: ["WORKSPACE_DOMAIN"], message: "must not be of the same site as PUBLIC_URL: what runs in sandboxes is served there, and could set cookies for Berth. Take a domain of its own" });
  }
  for (const [choice, options] of Object.entries(NEEDED_BY)) {
    const chosen = vars[choice as keyof typeof NEEDED_BY];
    const needed: readonly (keyof typeof vars)[] = (options as Readonly<Record<string, readonly (keyof typeof vars)[]>>)[chosen] ?? [];
    for (const name of needed) {
      if (vars[name] === undefined) context.addIssue({ code: "custom", path: [name], message: `${choice}=${chosen} needs it` });
    }
  }
});
export type WorkerVars = z.infer<typeof WorkerVars>;

export interface WorkerBindings {
  readonly SESSIONS: DurableObjectNamespace;
  readonly WORKSPACES: DurableObjectNamespace;
  readonly ORG_EVENTS: DurableObjectNamespace;
  readonly ORG_LEDGER: DurableObjectNamespace;
  /** As the role that has the tables of organizations. */
  readonly HYPERDRIVE: Hyperdrive;
  /** As the role that has the tables of identity. */
  readonly HYPERDRIVE_AUTH: Hyperdrive;
  readonly BLOBS: R2Bucket;
  readonly ASSETS: Fetcher;
}

/** @throws Error naming each variable that is missing or wrong */
export function readVars(env: object): WorkerVars {
  const parsed = WorkerVars.safeParse(env);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`Variables of the Worker are not right (see .dev.vars.example):\n${lines.join("\n")}`);
}

/** Key version → 32 bytes, and the version that new secrets get. */
export function readMasterKeys(text: string): { keys: Map<number, Uint8Array<ArrayBuffer>>; current: number } {
  const keys = new Map<number, Uint8Array<ArrayBuffer>>();
  let current = 0;
  for (const entry of text.split(",")) {
    const [version, base64] = entry.split(":");
    const bytes = Uint8Array.from(atob(base64 ?? ""), (character) => character.charCodeAt(0));
    if (!/^[1-9]\d*$/.test(version ?? "") || bytes.length !== 32) {
      throw new Error("MASTER_KEYS must be version:base64 of 32 bytes, for example from: openssl rand -base64 32");
    }
    current = Number(version);
    keys.set(current, bytes);
  }
  return { keys, current };
}
