/** A sandbox's label as Modal keeps it: tags, by which a host that lost its own labels knows whose a sandbox is. Pure. */
import type { SandboxLabel } from "../session-folders/label.ts";

export type Tags = Readonly<Record<string, string>>;

/** `reader` looks at the files of one that has ended. */
export type TagPhase = "accepted" | "running" | "reader";

export const TAG = { instance: "berth-instance", sandbox: "berth-sandbox", session: "berth-session", org: "berth-org", epoch: "berth-epoch", createdAt: "berth-created-at", phase: "berth-phase" } as const;

export function tagsOf(instance: string, { spec, createdAtMs }: Pick<SandboxLabel, "spec" | "createdAtMs">, phase: TagPhase): Tags {
  return {
    [TAG.instance]: instance,
    [TAG.sandbox]: spec.id,
    [TAG.session]: spec.sessionId,
    [TAG.org]: spec.orgId,
    [TAG.epoch]: String(spec.epoch),
    [TAG.createdAt]: String(createdAtMs),
    [TAG.phase]: phase,
  };
}
