/** What keeps a session's sandbox in its place: what is declared, and what the parts that enforce it really say. */
import { z } from "zod";
import { Isolation } from "./parts.ts";

export const PolicyName = z.enum(["isolation", "egress", "mounts", "capabilities", "secrets", "tokenScopes", "branchPrefix", "caps"]);
export type PolicyName = z.infer<typeof PolicyName>;

/** `unmeasured`: nobody could look, so nothing is claimed. */
export const PolicyVerdict = z.enum(["match", "mismatch", "unmeasured"]);
export type PolicyVerdict = z.infer<typeof PolicyVerdict>;

/** One measurement. A name may be measured by several parts, each of which has its own fact. */
export const PolicyFact = z.object({
  name: PolicyName,
  declared: z.string(),
  measured: z.string(),
  /** The part that measured. */
  by: z.string(),
  at: z.iso.datetime(),
  verdict: PolicyVerdict,
  /** What differs, one sentence each; empty unless it is a mismatch. */
  differences: z.array(z.string()),
});
export type PolicyFact = z.infer<typeof PolicyFact>;

export const SandboxPolicy = z.object({
  /** The sandbox that was measured; null before the first. */
  epoch: z.int().nullable(),
  /** The worst of all facts; `unmeasured` while there are none. */
  verdict: PolicyVerdict,
  /** A measurement is under way. */
  measuring: z.boolean(),
  facts: z.array(PolicyFact),
});
export type SandboxPolicy = z.infer<typeof SandboxPolicy>;

/** What becomes of a session whose sandbox is not kept as declared: only told, or stopped as well. */
export const PolicyRule = z.strictObject({ onMismatch: z.enum(["report", "stop"]) });
export type PolicyRule = z.infer<typeof PolicyRule>;

/** How a backend says that it keeps a sandbox. Null: it claims nothing. */
export const SandboxDeclaration = z.object({
  isolation: Isolation,
  /** Namespaces that are the sandbox's own. */
  namespaces: z.array(z.string()),
  /**
   * `machine`: the network of the machine it runs on; `brokers`: only the control plane and what is allowed, with no route
   * anywhere; `filtered`: a network of its own that lets through to the same and to nothing else; `none`: nothing.
   */
  network: z.enum(["machine", "brokers", "filtered", "none"]),
  /** Hosts beside the control plane that `brokers` and `filtered` lead to, as the operator writes them. */
  allowedHosts: z.array(z.string()).optional(),
  writable: z.array(z.string()).nullable(),
  readOnly: z.array(z.string()).nullable(),
  capabilities: z.array(z.string()).nullable(),
  noNewPrivileges: z.boolean(),
  /** Secrets that may be found inside, besides the session's own token. */
  secrets: z.array(z.string()).nullable(),
});
export type SandboxDeclaration = z.infer<typeof SandboxDeclaration>;

const words = (max: number) => z.array(z.string().max(200)).max(max);

/** What one part sees of a sandbox. What it cannot see is left out. */
export const SandboxMeasurement = z.object({
  /** Namespaces that are not the machine's; only told from outside. */
  namespaces: words(16).optional(),
  network: z
    .object({
      /** Only told from outside. */
      own: z.boolean().optional(),
      interfaces: words(32).optional(),
      /** There is a route to any address. */
      defaultRoute: z.boolean().optional(),
      /** Hosts beside the control plane that the way out leads to, as its keeper has them; only told from outside. */
      allowedHosts: z.array(z.string().max(300)).max(256).optional(),
      /** Addresses that took a connection, of those that were tried. */
      reached: words(16).optional(),
    })
    .optional(),
  writable: words(128).optional(),
  readOnly: words(256).optional(),
  user: z.string().max(200).optional(),
  capabilities: words(64).optional(),
  noNewPrivileges: z.boolean().optional(),
  /** Where something that looks like a secret can be read, and of which kind; never the value. */
  secrets: words(64).optional(),
  /** What the sandbox's token opens, of the routes that were tried. */
  token: z.object({ allowed: words(32), refused: words(32) }).optional(),
  /** Where git would push, and as whom; never a credential. */
  git: z.object({ branch: z.string().max(300).nullable(), remotes: words(16), credentials: words(16) }).optional(),
});
export type SandboxMeasurement = z.infer<typeof SandboxMeasurement>;
