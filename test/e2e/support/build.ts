/** Vitest global set-up: what the instances run is built once, before the first of them. */
import { buildAll } from "../../../packages/launcher/src/build.ts";

export default async function setup(): Promise<void> {
  await buildAll();
}
