/** Names of the backends that a sandbox host may have; apart from what composes them, so that a wrong one is refused before anything starts. */
export const HOST_BACKENDS = ["process", "docker", "modal"] as const;
export type HostBackend = (typeof HOST_BACKENDS)[number];
