import { proves } from "./app/knows-contract.ts";
import { first } from "./app/cycle-a.ts";
import { gone } from "./app/not-there.ts";

export const parts = [proves, first, gone];
