/** Secrets that people keep for their sessions: who has them, how each reaches what needs it, and when it did. */
import { z } from "zod";

/** An environment variable's name. */
export const SecretName = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, "capital letters, digits and underscores, beginning with a letter, 64 at most");

/** Whose sessions it is for: all of the organization, those on one of its repositories, those in one of its environments, or those that one person asked for. */
export const SecretScope = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("org") }),
  z.strictObject({ kind: z.literal("repo"), repo: z.string().min(1).max(600).describe("`host/owner/repository`, as `/v1/repos` names it") }),
  z.strictObject({ kind: z.literal("environment"), environment: z.string().min(1).max(64).describe("id, as `/v1/environments` shows it") }),
  z.strictObject({ kind: z.literal("user"), userId: z.string().min(1).max(64) }),
]);
export type SecretScope = z.infer<typeof SecretScope>;

/** Where the broker adds a secret to a request, and how. */
export const SecretHost = z.strictObject({
  /** With its port where it is not https's own. */
  host: z.string().min(1, "a host is needed").max(260, "260 characters at most"),
  header: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "letters, digits and dashes"),
  /** Before the value, for example `Bearer ` with its space. */
  prefix: z.string().max(64).regex(/^[\x20-\x7e]*$/, "printable ASCII").optional(),
});
export type SecretHost = z.infer<typeof SecretHost>;

const Value = z.string().min(1, "a value is needed").max(16_384, "16,384 characters at most");

/** The value is written once and never read back. */
export const CreateSecret = z.strictObject({
  name: SecretName,
  value: Value,
  /** Absent: the organization. For `user` only oneself, whose id may be left out. */
  scope: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("org") }),
      z.strictObject({ kind: z.literal("repo"), repo: z.string().min(1, "a repository is needed").max(600) }),
      z.strictObject({ kind: z.literal("environment"), environment: z.string().min(1, "an environment is needed").max(64).describe("id or name") }),
      z.strictObject({ kind: z.literal("user") }),
    ])
    .optional(),
  /** Puts it into the environment of sandboxes, where the agent and all it runs can read it. Absent: no. */
  readableByAgent: z.boolean().optional(),
  /** Hosts to which the broker adds it as a header. */
  hosts: z.array(SecretHost).max(20).optional(),
});
export type CreateSecret = z.infer<typeof CreateSecret>;

/** Takes the place of the value there was. */
export const SetSecretValue = z.strictObject({ value: Value });
export type SetSecretValue = z.infer<typeof SetSecretValue>;

export const Secret = z.object({
  id: z.string(),
  name: z.string(),
  scope: SecretScope,
  readableByAgent: z.boolean(),
  hosts: z.array(SecretHost),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
});
export type Secret = z.infer<typeof Secret>;

/** One time that a secret left the vault for a session. */
export const SecretUse = z.object({
  id: z.string(),
  secretId: z.string(),
  sessionId: z.string(),
  /** Whose run it was, or who made the session; null for an API key. */
  userId: z.string().nullable(),
  /** Which host it was sent to; null where it was put into the sandbox's environment. */
  host: z.string().nullable(),
  at: z.iso.datetime(),
});
export type SecretUse = z.infer<typeof SecretUse>;

/** What a session gets of the secrets, by name. */
export const SessionSecret = z.object({
  id: z.string(),
  name: z.string(),
  scope: SecretScope,
  /** True: in the sandbox's environment. */
  readableByAgent: z.boolean(),
  hosts: z.array(SecretHost),
});
export type SessionSecret = z.infer<typeof SessionSecret>;
