/** `npm run soak`: every long count of the house, one after the other. */
export { run } from "../../../../test/soak/run.ts";
