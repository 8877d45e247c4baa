/**
 * One viewer's socket as the hub sees it. What must outlive the object's memory is in the attachment, which the platform
 * keeps with the socket while the object hibernates.
 */
import { Actor } from "@berth/protocol";
import { z } from "zod";
import type { Author } from "../session-handle.ts";

export const ViewerAttachment = z.object({
  kind: z.literal("viewer"),
  id: z.string(),
  actor: Actor,
  apiKeyId: z.string().nullable(),
  role: z.enum(["owner", "admin", "member", "viewer"]),
  /** Newest `seq` sent. */
  cursor: z.int(),
  /** `replay` reads from the store, page by page as it acknowledges; `live` gets every tick. */
  mode: z.enum(["replay", "live"]),
  /** Whether `synced` was sent; it is sent once. */
  synced: z.boolean(),
  /** Whether it asked for `more` frames. */
  short: z.boolean().default(false),
  /** Frames sent and acknowledged; both count from 1 per connection. */
  frame: z.int(),
  ackedFrame: z.int(),
});
export type ViewerAttachment = z.infer<typeof ViewerAttachment>;

export interface ViewerSocket {
  /** Never blocks; a dead socket swallows it. */
  send(text: string): void;
  close(code: number, reason: string): void;
  save(attachment: ViewerAttachment): void;
}

export function newViewer(
  id: string,
  author: Author,
  after: number,
  short = false,
): ViewerAttachment {
  const { actor, apiKeyId, role } = author;
  return { kind: "viewer", id, actor, apiKeyId, role, cursor: after, mode: "replay", synced: false, short, frame: 0, ackedFrame: 0 };
}
