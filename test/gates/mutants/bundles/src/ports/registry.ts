import type { DoorState } from "../core/kernel/door-state.ts";

export const SHUT: DoorState = "shut";
export const PORTS = [
  { plane: "edge", port: "door", rules: "DOR", adapters: ["wood", "glass"], state: "complete" },
  { plane: "edge", port: "window", rules: "WIN", adapters: [], state: "planned" },
];
