import type { DoorState } from "../core/kernel/door-state.ts";

export const SHUT: DoorState = "shut";
export const PORTS = [{ plane: "edge", port: "door", rules: "DOR", adapters: ["wood"], state: "complete" }];
