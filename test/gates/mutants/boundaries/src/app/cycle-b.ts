import { first } from "./cycle-a.ts";

export const second = (): number => first();
