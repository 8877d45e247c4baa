/** `npm run simulate`: whole session lives from seeds, with faults, on a clock that is moved by hand. */
export { run } from "../../../../test/simulation/run.ts";
