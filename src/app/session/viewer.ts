/**
 * One viewer's socket as the hub sees it. What must outlive the object's memory is in the attachment, which the platform
 * keeps with the socket while the object hibernates.
 */
import { Actor, Role, Scope } from "@berth/protocol";
import { z } from "zod";
import type { Author } from "../session-handle.ts";

export const ViewerAttachment = z.object({
  kind: z.literal("viewer"),
  id: z.string(),
  actor: Actor,
  apiKeyId: z.string().nullable(),
  role: Role,
  /** Absent: all that the role allows. */
  scopes: z.array(Scope).optional(),
  userId: z.string().optional(),
  teamIds: z.array(z.string()).optional(),
  clientTokenId: z.string().optional(),
  endsAtMs: z.int().optional(),
  signInId: z.string().optional(),
  /** When the identity store said so. */
  knownAtMs: z.int().optional(),
  /** When it was last asked whether they are who they were. */
  checkedAtMs: z.int().optional(),
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
  return { kind: "viewer", id, ...viewerAuthor(author), cursor: after, mode: "replay", synced: false, short, frame: 0, ackedFrame: 0 };
}

/** What is kept of who opened the socket, and asked of again. */
function viewerAuthor({ actor, apiKeyId, role, scopes, userId, teamIds, clientTokenId, endsAtMs, signInId, knownAtMs, checkedAtMs }: Author | ViewerAttachment) {
  return {
    actor,
    apiKeyId,
    role,
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    ...(userId === undefined ? {} : { userId }),
    ...(teamIds === undefined ? {} : { teamIds: [...teamIds] }),
    ...(clientTokenId === undefined ? {} : { clientTokenId }),
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
    ...(signInId === undefined ? {} : { signInId }),
    ...(knownAtMs === undefined ? {} : { knownAtMs }),
    ...(checkedAtMs === undefined ? {} : { checkedAtMs }),
  };
}

/** Who acts by a socket. */
export function authorOfViewer(viewer: ViewerAttachment): Author {
  return viewerAuthor(viewer);
}
