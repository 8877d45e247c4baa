/** What sessions on a repository begin with: variables, and a script that sets the sandbox up. */
import { z } from "zod";
import { PortNumber } from "./ports.ts";
import { SecretName } from "./secrets.ts";

/** An id begins with `env_`, so that whoever names an environment may use either. */
const Name = z
  .string()
  .max(64)
  .regex(/^(?!env_)[A-Za-z0-9]([A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$/, "letters, digits, spaces, dots, dashes and underscores, beginning with a letter or digit, not with env_");

/** Ids of `/v1/repos`. Empty: for any session. */
const RepositoryIds = z.array(z.string().min(1).max(64)).max(100);

/** Everybody in the organization reads them: what is secret belongs into `/v1/secrets`. */
const Variables = z.record(SecretName, z.string().max(8_192));

/** For `bash`. Empty: none. */
const SetupScript = z.string().max(32_768);

/** What a session serves on a port of its sandbox, by a name that people know it by. */
export const NamedPort = z.object({
  port: PortNumber,
  name: z
    .string()
    .max(32)
    .regex(/^[A-Za-z0-9]([A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$/, "letters, digits, spaces, dots, dashes and underscores, beginning with a letter or digit"),
});
export type NamedPort = z.infer<typeof NamedPort>;

/** Each number and each name once. */
const Ports = z.array(z.strictObject(NamedPort.shape)).max(20);

/** What a sandbox may use up, where its backend bounds it. What is left out is as the operator has it. */
export const EnvironmentResources = z.object({ memoryMb: z.int().min(256).max(1_048_576).optional(), cpus: z.number().min(0.1).max(512).optional() });
export type EnvironmentResources = z.infer<typeof EnvironmentResources>;

export const CreateEnvironment = z.strictObject({
  name: Name,
  repositories: RepositoryIds.optional(),
  variables: Variables.optional(),
  setupScript: SetupScript.optional(),
  ports: Ports.optional(),
  resources: z.strictObject(EnvironmentResources.shape).optional(),
});
export type CreateEnvironment = z.infer<typeof CreateEnvironment>;

/** What is left out stays; a list, or a set of variables or resources, is replaced as a whole. */
export const UpdateEnvironment = CreateEnvironment.partial();
export type UpdateEnvironment = z.infer<typeof UpdateEnvironment>;

/** Looks at a repository's files at its host, before any sandbox exists. */
export const DetectEnvironment = z.strictObject({ repository: z.string().min(1).max(600).describe("id or name, as `/v1/repos` shows them") });
export type DetectEnvironment = z.infer<typeof DetectEnvironment>;

/** Guessed from the names of the files and the text of a few at the root. Nothing of it is kept. */
export const DetectedEnvironment = z.object({
  repository: z.object({ id: z.string(), name: z.string() }),
  /** At which commit of the repository's own branch. */
  commit: z.string(),
  fileCount: z.int().nonnegative(),
  /** `npm`, `uv`, `cargo` … */
  packageManagers: z.array(z.string()),
  install: z.array(z.string()),
  test: z.array(z.string()),
  dev: z.array(z.string()),
  /** `postgres`, `redis` … */
  services: z.array(z.string()),
  ports: z.array(z.int()),
  /** Names of variables that the repository's own example lists. */
  variables: z.array(z.string()),
  /** What would set a fresh sandbox up; empty where nothing was recognized. */
  setupScript: z.string(),
});
export type DetectedEnvironment = z.infer<typeof DetectedEnvironment>;

export const Environment = z.object({
  id: z.string(),
  name: z.string(),
  /** Ids of those it is for; one that was removed since stays until it is taken out. Empty: for any session. */
  repositories: z.array(z.string()),
  variables: z.record(z.string(), z.string()),
  setupScript: z.string(),
  ports: z.array(NamedPort),
  resources: EnvironmentResources,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Environment = z.infer<typeof Environment>;
