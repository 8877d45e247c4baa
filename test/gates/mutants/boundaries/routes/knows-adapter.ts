import { createWoodenDoor } from "../src/adapters/door/wood.ts";

export const opened = createWoodenDoor().open();
