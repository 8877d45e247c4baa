/** Environments over the API. */
import type { Environment } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { describe, expect, test } from "vitest";
import { Edge } from "./testing/edge.ts";

const BODY = { name: "Web tests", variables: { MODE: "test" }, setupScript: "npm ci\n", ports: [{ port: 5_173, name: "web" }], resources: { memoryMb: 2_048 } };

async function withRepository(edge: Edge, address = "https://git.example/open/lib"): Promise<string> {
  edge.sourceControl.host.add(address);
  return (await edge.json<{ id: string }>("POST /v1/repos", { body: { url: address } })).id;
}

describe("environments", () => {
  test("[ENV1] one is added, read by everybody, changed in part and removed", async () => {
    const edge = new Edge();
    const repositoryId = await withRepository(edge);
    const added = await edge.json<Environment>("POST /v1/environments", { body: { ...BODY, repositories: [repositoryId] } });
    expect(added).toMatchObject({ ...BODY, id: expect.stringMatching(/^env_/) as string, repositories: [repositoryId] });
    const viewer = await edge.keyOf("org-a", "viewer");
    expect(await edge.json("GET /v1/environments", { key: viewer })).toMatchObject({ data: [added] });
    expect(await edge.json(`GET /v1/environments/${added.id}`, { key: viewer })).toEqual(added);
    const changed = await edge.json<Environment>(`PATCH /v1/environments/${added.id}`, { body: { variables: { MODE: "ci", EXTRA: "" } } });
    expect({ ...changed, updatedAt: added.updatedAt }).toEqual({ ...added, variables: { MODE: "ci", EXTRA: "" } });
    expect(await edge.json(`PATCH /v1/environments/${added.id}`, { body: { name: "Web", repositories: [], setupScript: "" } })).toMatchObject({ name: "Web", repositories: [], variables: { MODE: "ci" }, setupScript: "" });
    expect((await edge.ask(`DELETE /v1/environments/${added.id}`)).status).toBe(204);
    for (const line of [`GET /v1/environments/${added.id}`, `DELETE /v1/environments/${added.id}`]) expect((await edge.ask(line)).status).toBe(404);
    expect(await edge.catalog.listEnvironments("org-a")).toEqual([]);
  });

  test("[ENV1] only a name is needed, and the same request with one key makes one", async () => {
    const edge = new Edge();
    const headers = { "idempotency-key": "one" };
    const first = await edge.json<Environment>("POST /v1/environments", { body: { name: "Plain" }, headers });
    expect(first).toMatchObject({ repositories: [], variables: {}, setupScript: "", ports: [], resources: {} });
    expect(await edge.json("POST /v1/environments", { body: { name: "Plain" }, headers })).toEqual(first);
    expect(await edge.catalog.listEnvironments("org-a")).toHaveLength(1);
  });

  test.each([
    ["a name that is taken", { ...BODY }, 409, "/name"],
    ["a name like an id", { name: "env_1" }, 422, "/name"],
    ["a name of spaces", { name: "  " }, 422, "/name"],
    ["a variable that programs are found by", { name: "X", variables: { PATH: "/evil" } }, 422, "/variables/PATH"],
    ["a variable in small letters", { name: "X", variables: { path: "/evil" } }, 422, "/variables/path"],
    ["a value that no environment holds", { name: "X", variables: { A: "a\0" } }, 422, "/variables/A"],
    ["more than an environment holds", { name: "X", variables: Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`V${n}`, "x".repeat(8_192)])) }, 422, "/variables"],
    ["a script that is too long", { name: "X", setupScript: "x".repeat(32_769) }, 422, "/setupScript"],
    ["a script with U+0000", { name: "X", setupScript: "a\0" }, 422, "/setupScript"],
    ["a repository that is not there", { name: "X", repositories: ["rep_none"] }, 422, "/repositories/0"],
    ["an unknown field", { name: "X", secrets: {} }, 422, "/secrets"],
  ])("[ENV1] %s is refused at its field", async (_, body, status, pointer) => {
    const edge = new Edge();
    await edge.json("POST /v1/environments", { body: BODY });
    const problem = await edge.problem("POST /v1/environments", { body });
    expect([problem.status, problem.errors?.[0]?.pointer]).toEqual([status, pointer]);
    const other = await edge.json<Environment>("POST /v1/environments", { body: { name: "Other" } });
    const change = await edge.problem(`PATCH /v1/environments/${other.id}`, { body });
    expect([change.status, change.errors?.[0]?.pointer]).toEqual([status, pointer]);
    expect((await edge.catalog.listEnvironments("org-a")).map(({ name }) => name).sort()).toEqual(["Other", "Web tests"]);
  });

  const many = Array.from({ length: 21 }, (_, at) => ({ port: at + 1, name: `p${at}` }));
  verifies("ENV11", "ports are kept, replaced as a whole, and refused at their field", async () => {
    const edge = new Edge();
    const { id, ports } = await edge.json<Environment>("POST /v1/environments", { body: { name: "Ports", ports: many.slice(0, 20) } });
    expect(ports).toEqual(many.slice(0, 20));
    const one = { port: 65_535, name: "a.b-c_d 1" };
    expect(await edge.json(`PATCH /v1/environments/${id}`, { body: { ports: [one] } })).toMatchObject({ name: "Ports", ports: [one] });
    const refused = async (...given: readonly object[]): Promise<unknown> => {
      const problems = [await edge.problem("POST /v1/environments", { body: { name: "X", ports: given } }), await edge.problem(`PATCH /v1/environments/${id}`, { body: { ports: given } })];
      const [at, ...others] = problems.map(({ status, errors }) => `${status} ${errors?.[0]?.pointer}`);
      expect(others).toEqual([at]);
      return at;
    };
    for (const port of [0, 65_536, 1.5, "80"]) expect(await refused({ port, name: "a" }), `${port}`).toBe("422 /ports/0/port");
    for (const name of ["", " a", "x".repeat(33), "a\nb", "<b>"]) expect(await refused(one, { port: 80, name }), name).toBe("422 /ports/1/name");
    expect([await refused(one, { ...one, name: "b" }), await refused(one, { ...one, port: 80 }), await refused({ ...one, extra: 1 }), await refused(...many)]).toEqual(["422 /ports/1/port", "422 /ports/1/name", "422 /ports/0/extra", "422 /ports"]);
    const twice = await edge.problem(`PATCH /v1/environments/${id}`, { body: { ports: [one, { ...one, port: 80 }] } });
    expect(twice.fix).toBe("Choose another name for one of them.");
    expect(await edge.json(`GET /v1/environments/${id}`)).toMatchObject({ ports: [one] });
    expect(await edge.json(`PATCH /v1/environments/${id}`, { body: { ports: [] } })).toMatchObject({ ports: [] });
  });

  verifies("ENV14", "resources are kept, replaced as a whole, and refused at their field above what the operator allows", async () => {
    const edge = new Edge();
    const most = { memoryMb: 4_096, cpus: 2 };
    const { id, resources } = await edge.json<Environment>("POST /v1/environments", { body: { name: "Large", resources: most } });
    expect([resources, (await edge.json<Environment>(`PATCH /v1/environments/${id}`, { body: { name: "Larger" } })).resources]).toEqual([most, most]);
    for (const [asked, field] of [[{ memoryMb: 4_097 }, "memoryMb"], [{ cpus: 2.5 }, "cpus"], [{ memoryMb: 255 }, "memoryMb"], [{ cpus: 0 }, "cpus"], [{ disk: 1 }, "disk"]] as const) {
      for (const line of ["POST /v1/environments", `PATCH /v1/environments/${id}`]) {
        const problem = await edge.problem(line, { body: { name: "X", resources: asked } });
        expect([problem.status, problem.errors?.[0]?.pointer], JSON.stringify(asked)).toEqual([422, `/resources/${field}`]);
      }
    }
    const { detail, errors, fix } = await edge.problem(`PATCH /v1/environments/${id}`, { body: { resources: { memoryMb: 4_097 } } });
    expect(JSON.stringify([detail, errors, fix])).toMatch(/4096 MB of memory at most.*4096 or less/);
    expect(await edge.json(`PATCH /v1/environments/${id}`, { body: { resources: { cpus: 1 } } })).toMatchObject({ name: "Larger", resources: { cpus: 1 } });
  });

  test("[ENV1] a repository is named once, and one that was removed stays named until it is taken out", async () => {
    const edge = new Edge();
    const id = await withRepository(edge);
    expect((await edge.problem("POST /v1/environments", { body: { ...BODY, repositories: [id, id] } })).errors?.[0]?.pointer).toBe("/repositories/1");
    const added = await edge.json<Environment>("POST /v1/environments", { body: { ...BODY, repositories: [id] } });
    await edge.ask(`DELETE /v1/repos/${id}`);
    expect(await edge.json(`GET /v1/environments/${added.id}`)).toMatchObject({ repositories: [id] });
    expect(await edge.json(`PATCH /v1/environments/${added.id}`, { body: { repositories: [id], setupScript: "" } })).toMatchObject({ repositories: [id] });
    expect(await edge.json(`PATCH /v1/environments/${added.id}`, { body: { repositories: [] } })).toMatchObject({ repositories: [] });
    expect((await edge.problem(`PATCH /v1/environments/${added.id}`, { body: { repositories: [id] } })).errors?.[0]?.pointer).toBe("/repositories/0");
  });

  test("[ENV1] members and viewers may read and not write, and another organization sees nothing", async () => {
    const edge = new Edge();
    const { id } = await edge.json<Environment>("POST /v1/environments", { body: BODY });
    const writes = [["POST /v1/environments", BODY], [`PATCH /v1/environments/${id}`, { name: "Mine" }], [`DELETE /v1/environments/${id}`, undefined]] as const;
    for (const role of ["member", "viewer"] as const) {
      const key = await edge.keyOf("org-a", role);
      for (const [line, body] of writes) expect((await edge.ask(line, { ...(body && { body }), key })).status, line).toBe(403);
    }
    const key = await edge.keyOf("org-b");
    expect(await edge.json("GET /v1/environments", { key })).toMatchObject({ data: [] });
    for (const [line, body] of [[`GET /v1/environments/${id}`, undefined], ...writes.slice(1)] as const) expect((await edge.ask(line, { ...(body && { body }), key })).status, line).toBe(404);
    expect(await edge.json(`GET /v1/environments/${id}`)).toMatchObject({ name: BODY.name });
  });
});
