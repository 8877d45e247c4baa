/** Who may see and work in one session, beyond what its organization's members may anyway. */
import { z } from "zod";

/** `org`: every member of the organization sees it. `private`: its owner, whom it is shared with, and who administers. */
export const Visibility = z.enum(["org", "private"]);
export type Visibility = z.infer<typeof Visibility>;

/** An owner also shares and deletes; a collaborator works in it; a viewer watches. */
export const ShareRole = z.enum(["owner", "collaborator", "viewer"]);
export type ShareRole = z.infer<typeof ShareRole>;

/** What somebody may do in a session; each includes those before it. `manage`: share it, say who sees it, delete it. */
export const SessionRight = z.enum(["read", "write", "manage"]);
export type SessionRight = z.infer<typeof SessionRight>;

export const CreateShare = z.strictObject({
  with: z.enum(["member", "team"]),
  /** Of a member or service account, or of a team. Sharing again changes the role. */
  id: z.string().min(1).max(64),
  role: ShareRole,
});
export type CreateShare = z.infer<typeof CreateShare>;

export const CreateShareLink = z.strictObject({
  role: ShareRole.exclude(["owner"]),
  /** Absent: one day. */
  expiresInHours: z.int().min(1).max(720).optional(),
  /** How often it may be used. Absent: 10. */
  usesMax: z.int().min(1).max(1000).optional(),
});
export type CreateShareLink = z.infer<typeof CreateShareLink>;

export const Share = z.object({
  id: z.string(),
  with: z.enum(["member", "team", "link"]),
  /** Of the member or team; absent for a link. */
  principalId: z.string().optional(),
  role: ShareRole,
  createdAt: z.iso.datetime(),
  /** Of a link. */
  expiresAt: z.iso.datetime().optional(),
  usesMax: z.int().optional(),
  uses: z.int().optional(),
});
export type Share = z.infer<typeof Share>;

export const CreatedShareLink = Share.extend({ token: z.string().describe("shown once; `POST /v1/share-links/redeem` takes it as bearer token") });
export type CreatedShareLink = z.infer<typeof CreatedShareLink>;

export const CreateClientToken = z.strictObject({
  /** `write` also sends messages, stops and answers. */
  access: z.enum(["read", "write"]),
  /** Absent: 15 minutes; at most one hour. */
  expiresInSeconds: z.int().min(30).max(3600).optional(),
});
export type CreateClientToken = z.infer<typeof CreateClientToken>;

/** Works as bearer token for the one session and nothing else. */
export const ClientToken = z.object({
  id: z.string(),
  token: z.string().describe("shown once"),
  sessionId: z.string(),
  access: z.enum(["read", "write"]),
  expiresAt: z.iso.datetime(),
});
export type ClientToken = z.infer<typeof ClientToken>;

/** As a browser sends it: scheme, host and port, nothing after them. */
const Origin = z.string().max(255).refine((text) => URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text, "an origin such as https://app.example.com");
export const ClientOrigins = z.strictObject({ origins: z.array(Origin).max(50) });
export type ClientOrigins = z.infer<typeof ClientOrigins>;
