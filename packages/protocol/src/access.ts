/** Who may do what, in the words that the API, its keys and its refusals use. */
import { z } from "zod";

export const Role = z.enum(["owner", "admin", "member", "viewer"]);
export type Role = z.infer<typeof Role>;

/**
 * What an API key may be for; the list is closed. `sessions:write` includes `sessions:read`, and `admin` includes all:
 * who administers an organization can make a key with any scope.
 */
export const Scope = z.enum(["sessions:read", "sessions:write", "runs:read", "secrets:write", "keys:write", "admin"]);
export type Scope = z.infer<typeof Scope>;

export const SCOPES: readonly Scope[] = Scope.options;

/** Of a key that was made without a list: work with sessions, and nothing that could reach further. */
export const DEFAULT_SCOPES: readonly Scope[] = ["sessions:read", "sessions:write", "runs:read"];
