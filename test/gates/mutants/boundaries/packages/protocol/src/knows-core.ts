import { openedAt } from "../../../src/core/kernel/door-state.ts";

export const words = openedAt;
