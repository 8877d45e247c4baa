/** `npm run bench`: the benchmark table. */
export { run } from "../../../../test/bench/run.ts";
