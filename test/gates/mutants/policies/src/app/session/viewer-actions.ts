export const SOCKET_POLICIES = { kick: "viewer" };
