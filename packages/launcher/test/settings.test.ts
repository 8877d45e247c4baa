/** What `npm start` takes, and refuses before anything starts. */
import { expect, test } from "vitest";
import { readAllowlist } from "../../../src/core/egress/allowlist.ts";
import { greeting } from "../src/commands/start.ts";
import { chooseBackends } from "../src/default-backends.ts";
import { withNpmHost } from "../src/npm-host.ts";
import { readSettings } from "../src/settings.ts";

test.each([
  ["https://berth.example.com", "https://berth.example.com"],
  ["https://berth.example.com/", "https://berth.example.com"],
  ["https://berth.example.com:8443", "https://berth.example.com:8443"],
  ["http://192.0.2.1:80", "http://192.0.2.1"],
])("a public address %s is taken as its origin", (given, taken) => {
  expect(readSettings(["--public-url", given], {}).publicUrl).toBe(taken);
  expect(readSettings([], { PUBLIC_URL: given }).publicUrl).toBe(taken);
});

test("a flag wins over its variable, and an empty variable is none", () => {
  expect(readSettings(["--public-url", "https://one.example.com"], { PUBLIC_URL: "https://two.example.com" }).publicUrl).toBe("https://one.example.com");
  expect(readSettings([], { PUBLIC_URL: "" }).publicUrl).toBeNull();
});

test.each(["berth.example.com", "wss://berth.example.com", "https://berth.example.com/berth", "https://berth.example.com/?a=b", "https://berth.example.com/#a", "https://somebody@berth.example.com", "https://"])(
  "%s is refused as a public address, naming option, variable and an example",
  (given) => {
    expect(() => readSettings(["--public-url", given], {})).toThrow(/--public-url \(PUBLIC_URL\).*\n.*--public-url https:\/\/berth\.example\.com/);
  },
);

test("backends are taken in their order, and an unknown one is refused with those there are", () => {
  expect(readSettings(["--sandbox-backend", "docker, process"], {}).sandboxBackends).toEqual(["docker", "process"]);
  for (const given of ["dokcer", "process,podman", "", "process,,docker", "toString"]) {
    expect(() => readSettings([], { SANDBOX_BACKEND: given }), given).toThrow(/--sandbox-backend \(SANDBOX_BACKEND\): there is no backend .*\nName one or more of process, docker, modal /);
  }
});

test("[DKR8] where nobody chose, containers come first if an engine answers, and what is chosen stays", async () => {
  const found = (reason: string | null, lacksImage = false) => () => Promise.resolve({ version: reason === null || lacksImage ? "20.10.24" : null, reason, fix: null, lacksImage });
  const chosen = async (env: Readonly<Record<string, string>>, detect: ReturnType<typeof found>) => {
    const { settings, lacksImage } = await chooseBackends(readSettings([], env), detect);
    return [settings.sandboxBackends, lacksImage];
  };
  expect(await chosen({}, found(null))).toEqual([["docker", "process"], false]);
  expect(await chosen({}, found("the image is not there", true))).toEqual([["docker", "process"], true]);
  expect(await chosen({}, found("The container engine cannot be reached."))).toEqual([["process"], false]);
  expect(await chosen({ SANDBOX_BACKEND: "process" }, found(null))).toEqual([["process"], false]);
  expect(await chosen({ SANDBOX_BACKEND: "docker" }, found("the image is not there", true))).toEqual([["docker"], false]);
});

test("[DKR9] a start without the image says that it is being built", () => {
  const stack = { url: "http://127.0.0.1:8787", signInUrl: "http://127.0.0.1:8787/sign-in?token=t", apiKey: "berth_example" };
  const settings = { publicUrl: null, dataDir: "/data", sandboxBackends: ["docker", "process"] };
  expect(greeting(stack, { ...settings, lacksImage: true }, 1_000, false)).toMatch(/Sandboxes docker, then process; the image of containers is being built/);
  expect(greeting(stack, { ...settings, lacksImage: false }, 1_000, false)).toMatch(/Sandboxes docker, then process\n/);
});

test("sandboxes elsewhere are refused while they could not reach Berth, with the option that says where it is", () => {
  const chosen = ["--sandbox-backend", "docker,modal"];
  for (const args of [[], ["--public-url", "http://localhost:8787"]]) expect(() => readSettings([...chosen, ...args], {})).toThrow(/sandboxes at Modal dial Berth[^]*--sandbox-backend modal --public-url https:\/\/berth\.example\.com/);
  expect(readSettings([...chosen, "--public-url", "https://berth.example.com"], {}).sandboxBackends).toEqual(["docker", "modal"]);
  expect(readSettings(chosen, { MODAL_SERVER_URL: "http://127.0.0.1:4000" }).publicUrl).toBeNull();
});

test.each(["x", "-1", "65536", "80.5"])("a port %s is refused by the option's name", (given) => {
  expect(() => readSettings([`--port=${given}`], {})).toThrow(/--port \(PORT\) must be 0 to 65535/);
});

test("a start tells a public address where there is one, and then no key to what is no terminal", () => {
  const stack = { url: "http://127.0.0.1:8787", signInUrl: "https://berth.example.com/sign-in?token=t", apiKey: "berth_example" };
  const served = { publicUrl: "https://berth.example.com", dataDir: "/data", sandboxBackends: ["docker", "process"], lacksImage: false };
  const log = greeting(stack, served, 1_000, false);
  expect(log).toMatch(/Page +https:\/\/berth\.example\.com\n +Proxy to +http:\/\/127\.0\.0\.1:8787\n +Sign in +https:\/\/berth\.example\.com\/sign-in/);
  expect(log).toMatch(/API key +in \/data\/secrets\.json\n +API docs +https:\/\/berth\.example\.com\/docs/);
  expect(log).not.toContain(stack.apiKey);
  expect(greeting(stack, served, 1_000, true)).toContain(stack.apiKey);
  const own = greeting(stack, { ...served, publicUrl: null }, 1_000, false);
  expect(own).toMatch(/Page +http:\/\/127\.0\.0\.1:8787\n +Sign in/);
  expect(own).toContain(stack.apiKey);
});

test("[EGR1] what npm installs from is among the hosts of `default`, and of no other list", async () => {
  const ask = async (): Promise<string | null> => "npm.example.com";
  const lists = ["default", "none", "a.example", "a.example, default"];
  expect(await Promise.all(lists.map((list) => withNpmHost(list, ask)))).toEqual(["default,npm.example.com", "none", "a.example", "a.example, default,npm.example.com"]);
  expect(await withNpmHost("default", async () => null)).toBe("default");
  expect(readAllowlist(await withNpmHost("default")).length).toBe(readAllowlist("default").length + 1);
});

test("[EGR1] hosts of containers come by flag or variable, and a wrong one is named at once", () => {
  expect(readSettings([], {}).sandboxEgress).toBe("default");
  expect(readSettings([], { SANDBOX_EGRESS: "none" }).sandboxEgress).toBe("none");
  expect(readSettings(["--sandbox-egress", "default,a.example"], { SANDBOX_EGRESS: "none" }).sandboxEgress).toBe("default,a.example");
  expect(() => readSettings(["--sandbox-egress", "https://a.example"], {})).toThrow('--sandbox-egress (SANDBOX_EGRESS): "https://a.example" is no host. It takes none, or default and hosts');
});
