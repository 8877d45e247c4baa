/** What only some roles may, where no scope says it. The one place that compares roles. */
import type { Role } from "@berth/protocol";

/** Everything of the organization: its settings, its people, and every session, private ones too. */
export function administers(role: Role): boolean {
  return role === "owner" || role === "admin";
}

/** Makes, lowers and removes owners. */
export function changesOwners(role: Role): boolean {
  return role === "owner";
}

/** Acts nowhere, whatever is shared with them. */
export function onlyWatches(role: Role): boolean {
  return role === "viewer";
}
