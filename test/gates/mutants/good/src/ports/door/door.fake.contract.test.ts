import { describeDoorContract } from "./door.contract.ts";
import { InMemoryDoor } from "./door.fake.ts";

describeDoorContract({ name: new InMemoryDoor().open(), inject: ["door:open:stuck", "door:open:slow"] });
