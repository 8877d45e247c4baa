/** The operator's way from one master key to the next, over the routes and the fakes. */
import { describe, expect, test } from "vitest";
import type { RenewalStep } from "../src/app/secret-renewal.ts";
import { Edge, OPERATOR_TOKEN } from "./testing/edge.ts";

const LINE = "POST /internal/secrets/renewal";

async function threeOrganizations(): Promise<Edge> {
  const edge = new Edge();
  for (const orgId of ["org-a", "org-b", "org-c"]) {
    await edge.keyOf(orgId);
    for (const name of ["one", "two"]) await edge.vault.put(orgId, name, `sk-example-${orgId}-${name}`);
  }
  return edge;
}

const step = (edge: Edge, body?: object) => edge.json<RenewalStep>(LINE, { key: OPERATOR_TOKEN, ...(body && { body }) });

describe("renewing secrets", () => {
  test("goes through all organizations in steps, after which nothing is under the old master key", async () => {
    const edge = await threeOrganizations();
    edge.vault.masterKeys = [1, 2];
    await edge.vault.put("org-b", "two", "sk-example-newer");
    expect(await step(edge, { look: true })).toEqual({ configured: [1, 2], newest: 2, organizations: 3, renewed: 0, under: { 1: 5, 2: 1 }, unreadable: [], next: null });
    const first = await step(edge, { limit: 2 });
    expect(first).toMatchObject({ organizations: 2, renewed: 3, under: { 2: 4 }, next: "org-b" });
    expect(await step(edge, { limit: 2, after: first.next })).toMatchObject({ organizations: 1, renewed: 2, under: { 2: 2 }, next: null });
    expect(await step(edge)).toMatchObject({ renewed: 0, under: { 2: 6 } });
    edge.vault.masterKeys = [2];
    expect(await edge.vault.use("org-c", "one")).toBe("sk-example-org-c-one");
  });

  test("names what cannot be read, leaves it as it is, and shows no value", async () => {
    const edge = await threeOrganizations();
    edge.vault.masterKeys = [2];
    await edge.vault.put("org-a", "one", "sk-example-newer");
    const answer = await step(edge);
    expect(answer).toMatchObject({ renewed: 0, under: { 1: 5, 2: 1 } });
    expect(answer.unreadable).toHaveLength(5);
    expect(answer.unreadable[0]).toEqual({ organization: "org-a", name: "two", keyVersion: 1, state: "key-missing" });
    expect(JSON.stringify(answer)).not.toContain("sk-example");
    edge.vault.masterKeys = [1, 2];
    expect(await step(edge)).toMatchObject({ renewed: 5, under: { 2: 6 }, unreadable: [] });
  });

  test("is the operator's alone", async () => {
    const edge = await threeOrganizations();
    for (const key of [null, await edge.keyOf("org-a"), `${OPERATOR_TOKEN}x`]) expect((await edge.ask(LINE, { key, body: {} })).status).toBe(401);
    expect(await edge.json(LINE, { key: OPERATOR_TOKEN })).toMatchObject({ configured: [1] });
  });

  test("a secret that is deleted meanwhile is no failure", async () => {
    const edge = await threeOrganizations();
    edge.vault.masterKeys = [1, 2];
    const rotate = edge.vault.rotate.bind(edge.vault);
    edge.vault.rotate = async (orgId, name) => {
      await edge.vault.delete(orgId, name);
      return rotate(orgId, name);
    };
    expect(await step(edge)).toMatchObject({ renewed: 0, under: {}, unreadable: [] });
  });
});
