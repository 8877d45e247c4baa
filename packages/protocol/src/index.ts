export * from "./events.ts";
export * from "./frames.ts";
export * from "./limits.ts";
export * from "./link.ts";
export * from "./parts.ts";
export * from "./problem.ts";
export * from "./resources.ts";
