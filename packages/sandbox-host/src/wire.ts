/** Bodies between the control plane and a sandbox host. */
import { Discovery, Isolation, ProviderKind, Workspace } from "@berth/protocol";
import { z } from "zod";

export const SpecBody = z.strictObject({
  id: z.string().max(128),
  orgId: z.string().min(1).max(64),
  sessionId: z.string().max(128),
  epoch: z.int().positive(),
  workspace: Workspace,
  link: z.strictObject({ url: z.string().max(2048), token: z.string().max(512) }),
  demoOnly: z.boolean(),
  resources: z.strictObject({ memoryMb: z.number().positive().optional(), cpus: z.number().positive().optional() }).optional(),
});

export const ExecBody = z.strictObject({
  command: z.tuple([z.string().min(1)], z.string()),
  cwd: z.string().max(4096).optional(),
  timeoutMs: z.int().positive(),
  outputBytesMax: z.int().nonnegative(),
});

export const ApplyBody = z.strictObject({ branch: z.string().max(255), message: z.string().max(64 * 1024) });
export const RevealBody = z.strictObject({ id: z.string().max(255) });
export const InspectBody = z.strictObject({ path: z.string().min(1).max(4096) });

const line = z.string().max(998).regex(/^[^\r\n]*$/);
export const MailBody = z.strictObject({ from: line.min(1), to: z.email().max(254), subject: line, text: z.string().max(64 * 1024) });
export type MailBody = z.infer<typeof MailBody>;

/** Of items of the vault that the host has a service account for. Titles and tags of Berth's begin so, and no other is touched. */
const ours = z.string().startsWith("berth/").max(1_000);
export const FindItemsBody = z.strictObject({ by: z.enum(["title", "tag"]), is: ours });
export type FindItemsBody = z.infer<typeof FindItemsBody>;
export const ItemBody = z.strictObject({
  title: ours,
  tags: z.array(ours).max(4),
  /** Its value is sealed. */
  field: z.strictObject({ id: z.string().min(1).max(64), label: z.string().max(64), value: z.string().max(8 * 1024 * 1024) }),
  /** The version that is replaced; null where it is not known, or there is none. */
  version: z.int().nullable(),
});
export type ItemBody = z.infer<typeof ItemBody>;
export const FoundItemsBody = z.array(z.object({ id: z.string(), title: z.string(), tags: z.array(z.string()), version: z.int(), fields: z.array(z.object({ id: z.string(), value: z.string() })) }));
export type FoundItems = z.infer<typeof FoundItemsBody>;

/** A backend as its host reports it. */
export const BackendReport = z.object({
  backend: z.string(),
  isolation: Isolation,
  capabilities: z.object({
    keepsWorkFolder: z.boolean(),
    appliesToFolder: z.boolean(),
    snapshots: z.boolean(),
    expose: z.boolean(),
    claim: z.boolean(),
  }),
  /** Why its isolation is not stronger; null when it is as strong as the machine offers. */
  reason: z.string().nullable(),
  /** The command or step that would make it stronger. */
  fix: z.string().nullable(),
});
export type BackendReport = z.infer<typeof BackendReport>;

export const DiscoveriesBody = Discovery.omit({ imported: true }).array();
export const FoundBody = z.object({ provider: z.string(), kind: ProviderKind, baseUrl: z.string().nullable(), key: z.string().nullable() });
export const GitIdentityBody = z.object({ name: z.string(), email: z.string() }).nullable();
export const FolderBody = z.object({ path: z.string(), isRepository: z.boolean(), branch: z.string().nullable(), uncommitted: z.int().nonnegative() });
