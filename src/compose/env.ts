/** The variables and bindings of the Worker. `.dev.vars.example` lists the same names; a gate compares them. */
import type { R2Bucket, Fetcher, DurableObjectNamespace, Hyperdrive } from "@cloudflare/workers-types";
import { z } from "zod";

export const WorkerVars = z.object({
  /** Where people and SDKs reach this instance, without trailing slash. */
  PUBLIC_URL: z.url(),
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
  /** Signs sign-in cookies. */
  AUTH_SECRET: z.string().min(32),
  /** Authorizes `/internal/*`; absent switches those routes off. */
  OPERATOR_TOKEN: z.string().min(32).optional(),
  /** JSON: origin → name of the service binding that reaches it. */
  OPERATOR_ORIGINS: z.string().optional(),
  /** Address of the demo model; empty switches it off. */
  DEMO_MODEL_URL: z.string().optional(),
  /** `1` when Berth runs on its user's own machine. */
  LOCAL_MACHINE: z.enum(["0", "1"]).optional(),
});
export type WorkerVars = z.infer<typeof WorkerVars>;

export interface WorkerBindings {
  readonly SESSIONS: DurableObjectNamespace;
  readonly ORG_EVENTS: DurableObjectNamespace;
  readonly ORG_LEDGER: DurableObjectNamespace;
  readonly HYPERDRIVE: Hyperdrive;
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
