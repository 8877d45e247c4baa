import { enter } from "../../app/enter.ts";

export const createWoodenDoor = () => ({ open: () => "open" as const, enter });
