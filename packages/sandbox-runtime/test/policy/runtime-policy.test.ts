/** When the runtime looks at how it is kept. */
import { expect, test } from "vitest";
import { CONFIGURE, launch, newWorld, until } from "../runtime-world.ts";

test("[POL11] the runtime measures when it is configured, and again when it is asked", async () => {
  const world = newWorld();
  let count = 0;
  launch(world, undefined, undefined, undefined, async () => ({ user: `measurement ${(count += 1)}` }));
  const { session } = world;
  session.tell(CONFIGURE);
  await until(world, () => session.all("policy-measured").length === 1 && session.all("ready").length === 1);
  session.tell({ ...CONFIGURE, permissions: { "*": "ask" } });
  session.tell({ type: "measure-policy" });
  await until(world, () => session.all("policy-measured").length === 2);
  expect(session.all("policy-measured").map(({ measurement }) => measurement.user)).toEqual(["measurement 1", "measurement 2"]);
});

test("[POL10] a measurement that fails is said to be empty, so that nobody waits for it", async () => {
  const world = newWorld();
  launch(world, undefined, undefined, undefined, () => Promise.reject(new Error("no /proc here")));
  world.session.tell(CONFIGURE);
  await until(world, () => world.session.all("policy-measured").length === 1);
  expect(world.session.all("policy-measured")[0]?.measurement).toEqual({});
});
