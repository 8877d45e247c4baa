/**
 * The default permission policy: what an agent may do when neither the session nor the organization says otherwise.
 * The sandbox is the boundary, so inside it everything is allowed; a stricter policy replaces this one as a whole.
 */
import type { PermissionPolicy } from "@berth/protocol";

export const DEFAULT_PERMISSIONS: PermissionPolicy = { "*": "allow" };
