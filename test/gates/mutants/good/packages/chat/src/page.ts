import { knock } from "../../sdk/src/knock.ts";

export const page = knock;
