/** From a role and a key's own scopes to what it may do. A key never has more than its role allows, now or later. */
import { SCOPES, type Role, type Scope } from "@berth/protocol";

/** What each role may do at most. */
const OF_ROLE: Readonly<Record<Role, readonly Scope[]>> = {
  owner: SCOPES,
  admin: SCOPES,
  member: ["sessions:read", "sessions:write", "runs:read", "secrets:write", "keys:write"],
  viewer: ["sessions:read", "runs:read"],
};

export function scopesOfRole(role: Role): readonly Scope[] {
  return OF_ROLE[role];
}

/** What a key with these scopes may do while it stands for somebody of that role, in the order of the closed list. */
export function scopesOfKey(granted: readonly string[], role: Role): readonly Scope[] {
  return SCOPES.filter((scope) => includesScope(granted, scope) && OF_ROLE[role].includes(scope));
}

/** Whether a list grants it, by its name or by one that includes it. */
export function includesScope(granted: readonly string[], scope: Scope): boolean {
  if (granted.includes("admin") || granted.includes(scope)) return true;
  return scope === "sessions:read" && granted.includes("sessions:write");
}
