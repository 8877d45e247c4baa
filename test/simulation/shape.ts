/** How much happens in a world: most are short, so that many fit into the time; some are long, for what takes long to come together. */
import type { World } from "./world.ts";

export interface Shape {
  readonly isBrief: boolean;
  /** Led to its goals without detours. */
  readonly isDirect: boolean;
  /** Steps in which anything may happen, before everything is healed. */
  readonly steps: number;
  /** How many more there may be where it is led somewhere. */
  readonly ledStepsMax: number;
  readonly faults: number;
  readonly goals: number;
  readonly prompts: number;
  readonly viewers: number;
}

const LONG_SHARE = 0.025;
const DIRECT_SHARE = 0.9;

export function drawShape(world: World): Shape {
  if (world.chance(LONG_SHARE)) {
    return { isBrief: false, isDirect: false, steps: 25 + world.prng.int(40), ledStepsMax: 80, faults: 1 + world.prng.int(9), goals: world.prng.int(4), prompts: 1 + world.prng.int(5), viewers: 1 + world.prng.int(3) };
  }
  const goals = world.pick([0, 1, 1, 1, 1, 2, 2, 2]);
  return { isBrief: true, isDirect: goals > 0 && world.chance(DIRECT_SHARE), steps: 3 + world.prng.int(11), ledStepsMax: 50, faults: world.pick([0, 0, 1, 1, 2, 2, 3, 4]), goals, prompts: world.pick([1, 1, 2, 2, 5]), viewers: world.pick([1, 1, 1, 2]) };
}
