import { second } from "./cycle-b.ts";

export const first = (): number => second();
