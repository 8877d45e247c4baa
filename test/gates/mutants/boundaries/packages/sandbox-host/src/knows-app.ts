import { enter } from "../../../src/app/enter.ts";

export const host = enter;
