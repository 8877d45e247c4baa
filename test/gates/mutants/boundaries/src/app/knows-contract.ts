import { describeDoorContract } from "../ports/door/door.contract.ts";

export const proves = describeDoorContract;
