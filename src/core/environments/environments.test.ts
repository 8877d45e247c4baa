/** What an environment may hold, and which one a session is in. */
import { verifies } from "@berth/testkit";
import { describe, expect, test } from "vitest";
import { chosenEnvironment } from "./chosen-environment.ts";
import { portsFault, VARIABLES_MAX, VARIABLES_UNITS_MAX, variablesFault } from "./environment-rules.ts";

test("[ENV1] variables that programs are found or loaded by are refused by their name", () => {
  for (const name of ["PATH", "LD_PRELOAD", "NODE_OPTIONS", "GIT_DIR", "BERTH_TOKEN_FILE"]) expect(variablesFault({ MODE: "test", [name]: "x" })?.name).toBe(name);
  expect(variablesFault({ MODE: "test", DATABASE_URL: "postgres://127.0.0.1/app", EMPTY: "" })).toBeNull();
  expect(variablesFault({ MODE: "a\0b" })?.name).toBe("MODE");
});

test("[ENV1] there are so many variables, of so many characters together, and no more", () => {
  const of = (count: number, value: string) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`V${String(at).padStart(3, "0")}`, value]));
  expect(variablesFault(of(VARIABLES_MAX, ""))).toBeNull();
  expect(variablesFault(of(VARIABLES_MAX + 1, ""))).toMatchObject({ message: expect.stringContaining("200 variables") as string });
  expect(variablesFault({ V: "x".repeat(VARIABLES_UNITS_MAX - 1) })).toBeNull();
  expect(variablesFault({ V: "x".repeat(VARIABLES_UNITS_MAX) })?.name).toBeUndefined();
  expect(variablesFault({ V: "x".repeat(VARIABLES_UNITS_MAX) })).not.toBeNull();
});

verifies("ENV11", "a port and a name stand once, and the later one of two is told", () => {
  const web = { port: 5_173, name: "web" };
  expect([portsFault([]), portsFault([web, { port: 80, name: "Web" }])]).toEqual([null, null]);
  expect(portsFault([web, { port: 80, name: "web" }])).toMatchObject({ at: 1, field: "name", fix: expect.stringContaining("another name") as string });
  expect(portsFault([{ port: 80, name: "a" }, web, { port: 5_173, name: "b" }])).toMatchObject({ at: 2, field: "port", message: "Port 5173 is named twice." });
});

describe("which environment a session is in", () => {
  const of = (id: string, ...repositories: string[]) => ({ id, name: `Name of ${id}`, repositories });
  const all = [of("env_any"), of("env_app", "rep_app", "rep_lib"), of("env_lib", "rep_lib")];
  const chosen = (wanted: string | undefined, repositoryId: string | null) => {
    const found = chosenEnvironment(all, { wanted, repositoryId });
    return found !== null && typeof found === "object" ? found.id : found;
  };

  test("[ENV2] the only one for its repository is taken without a word, and of several none", () => {
    expect([chosen(undefined, "rep_app"), chosen(undefined, "rep_lib"), chosen(undefined, "rep_other"), chosen(undefined, null)]).toEqual(["env_app", null, null, null]);
  });

  test("[ENV2] one is named by its id or its name, and only where it is for the session", () => {
    expect([chosen("env_any", null), chosen("Name of env_lib", "rep_lib"), chosen("env_app", "rep_lib")]).toEqual(["env_any", "env_lib", "env_app"]);
    expect([chosen("env_lib", "rep_app"), chosen("env_app", null), chosen("env_none", "rep_app"), chosen("name of env_any", null)]).toEqual(["for-others", "for-others", "unknown", "unknown"]);
  });
});
