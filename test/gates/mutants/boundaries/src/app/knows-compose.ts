import { VERSION } from "../compose/version.ts";

export const version = VERSION;
