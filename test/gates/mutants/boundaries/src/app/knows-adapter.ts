import { createWoodenDoor } from "../adapters/door/wood.ts";

export const opened = createWoodenDoor().open();
