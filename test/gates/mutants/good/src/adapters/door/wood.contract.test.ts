import { describeDoorContract } from "../../ports/door/door.contract.ts";
import { createWoodenDoor } from "./wood.ts";

describeDoorContract({ name: createWoodenDoor().open(), inject: ["door:open:stuck"] });
