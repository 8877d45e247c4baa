/** What every catalog keeps of an organization's environments. Registered by the contract of the port. */
import { expect } from "vitest";
import type { PortError } from "../../core/kernel/port-error.ts";
import type { Rule } from "./catalog.contract.ts";
import { ENVIRONMENTS_MAX, type EnvironmentRecord } from "./catalog.port.ts";

const START = Date.parse("2026-11-20T10:00:00.000Z");

function environment(id: string, over: Partial<EnvironmentRecord> = {}): EnvironmentRecord {
  return {
    id,
    name: `Name of ${id}`,
    repositories: ["rep_1"],
    variables: { MODE: "test", EMPTY: "" },
    setupScript: "npm ci\n",
    ports: [{ port: 5_173, name: "web" }, { port: 80, name: "a.b c" }],
    resources: { memoryMb: 2_048, cpus: 0.5 },
    createdAtMs: START,
    updatedAtMs: START,
    ...over,
  };
}

export function describeEnvironments(rule: Rule): void {
  rule("CAT50", "environments are listed as added, oldest first, and found by their id", async (catalog) => {
    const late = environment("env_1", { createdAtMs: START + 5 });
    const early = environment("env_2", { repositories: [], variables: {}, setupScript: "", ports: [], resources: {} });
    await catalog.addEnvironment("org_a", late);
    await catalog.addEnvironment("org_a", early);
    expect(await catalog.listEnvironments("org_a")).toStrictEqual([early, late]);
    expect(await catalog.findEnvironment("org_a", "env_1")).toStrictEqual(late);
    expect(await catalog.findEnvironment("org_a", late.name)).toBeNull();
  });

  rule("CAT50", "a taken name or id is refused and the first stays", async (catalog) => {
    const first = environment("env_1");
    await catalog.addEnvironment("org_a", first);
    for (const second of [environment("env_2", { name: first.name }), environment("env_1", { name: "Other" })]) {
      await expect(catalog.addEnvironment("org_a", second)).rejects.toMatchObject({ code: "already-exists", outcome: "not-applied" });
    }
    expect(await catalog.listEnvironments("org_a")).toStrictEqual([first]);
  });

  rule("CAT50", "an organization has so many environments and no more, also of those added at once", async (catalog) => {
    for (let n = 2; n < ENVIRONMENTS_MAX; n++) await catalog.addEnvironment("org_a", environment(`env_${n}`));
    const answers = await Promise.allSettled(["a", "b", "c", "d"].map((id) => catalog.addEnvironment("org_a", environment(`env_${id}`))));
    const refusals = answers.flatMap((answer) => (answer.status === "rejected" ? [(answer.reason as PortError).code] : []));
    expect(refusals).toEqual(["resource-exhausted", "resource-exhausted"]);
    await catalog.addEnvironment("org_b", environment("env_a"));
    expect(await catalog.listEnvironments("org_a")).toHaveLength(ENVIRONMENTS_MAX);
  });

  rule(["CAT51", "CAT8"], "what is given is changed in one environment of its own organization, and nothing else", async (catalog) => {
    const [first, second] = [environment("env_1"), environment("env_2")];
    for (const each of [first, second]) await catalog.addEnvironment("org_a", each);
    await catalog.addEnvironment("org_b", first);
    const renamed = { ...first, name: "Renamed", updatedAtMs: START + 1 };
    expect(await catalog.changeEnvironment("org_a", "env_1", { name: "Renamed", updatedAtMs: START + 1 })).toStrictEqual(renamed);
    const change = { name: "Renamed", repositories: [], variables: { OTHER: "1" }, setupScript: "", ports: [{ port: 65_535, name: "other" }], resources: { cpus: 1 }, updatedAtMs: START + 2 };
    expect(await catalog.changeEnvironment("org_a", "env_1", change)).toStrictEqual({ ...first, ...change });
    expect(await catalog.listEnvironments("org_a")).toStrictEqual([{ ...first, ...change }, second]);
    expect(await catalog.findEnvironment("org_b", "env_1")).toStrictEqual(first);
  });

  rule("CAT51", "a name that another has, and an environment that is not there, change nothing", async (catalog) => {
    const [first, second] = [environment("env_1"), environment("env_2")];
    for (const each of [first, second]) await catalog.addEnvironment("org_a", each);
    await expect(catalog.changeEnvironment("org_a", "env_1", { name: second.name, updatedAtMs: START + 1 })).rejects.toMatchObject({ code: "already-exists" });
    await expect(catalog.changeEnvironment("org_b", "env_1", { setupScript: "", updatedAtMs: START + 1 })).rejects.toMatchObject({ code: "not-found" });
    expect(await catalog.listEnvironments("org_a")).toStrictEqual([first, second]);
  });

  rule(["CAT52", "CAT8"], "an environment is removed once, and seen and removed by its own organization only", async (catalog) => {
    const mine = environment("env_1");
    await catalog.addEnvironment("org_a", mine);
    await catalog.addEnvironment("org_b", mine);
    expect([await catalog.findEnvironment("org_c", "env_1"), await catalog.listEnvironments("org_c")]).toEqual([null, []]);
    await expect(catalog.removeEnvironment("org_c", "env_1")).rejects.toMatchObject({ code: "not-found" });
    expect(await catalog.removeEnvironment("org_a", "env_1")).toStrictEqual(mine);
    await expect(catalog.removeEnvironment("org_a", "env_1")).rejects.toMatchObject({ code: "not-found" });
    expect(await catalog.findEnvironment("org_b", "env_1")).toStrictEqual(mine);
  });
}
