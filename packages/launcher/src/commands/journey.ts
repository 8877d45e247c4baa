/** `npm run journey`: the headless journeys, on an instance of their own unless `--url` names one. */
export { run } from "../../../../test/journeys/run.ts";
