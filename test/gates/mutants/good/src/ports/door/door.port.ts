import type { DoorState } from "../../core/kernel/door-state.ts";

export interface Door {
  open(): DoorState;
}
