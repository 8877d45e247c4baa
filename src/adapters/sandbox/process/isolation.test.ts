/** Command lines of each isolation, and finding out which one works. */
import { describe, expect, test } from "vitest";
import { bubblewrapArguments, insidePath } from "./bubblewrap.ts";
import { detectIsolation } from "./detect-isolation.ts";
import { commandLine, type LaunchSettings } from "./launch.ts";
import { seatbeltProfile } from "./seatbelt.ts";

const folders = { work: "/data/s/work", home: "/data/s/home", tmp: "/data/s/tmp", runtime: "/data/s/runtime", accounts: "/data/s/accounts" };
const settings: LaunchSettings = {
  isolation: "bubblewrap",
  readOnlyPaths: ["/home/ada/node/bin/node", "/home/ada/berth/runtime.mjs"],
  programs: ["/home/ada/node/bin/node"],
  environment: { LANG: "C.UTF-8" },
  instance: "0123456789ab", bubblewrap: "bwrap", dataDir: "/data",
};
const request = { sandboxId: "ses_a-1", folders, command: ["/home/ada/node/bin/node", "/home/ada/berth/runtime.mjs"], cwd: "sub" };

/** Values of every occurrence of an option that takes `count` of them. */
function values(args: readonly string[], option: string, count: number): string[][] {
  return args.flatMap((arg, index) => (arg === option ? [args.slice(index + 1, index + 1 + count)] : []));
}

describe("bubblewrap", () => {
  const args = bubblewrapArguments({ folders, readOnlyPaths: settings.readOnlyPaths, environment: { A: "b" }, cwd: "/workspace", command: ["true"], dieWithParent: false });

  test("only the session's folders are bound writable", () => {
    expect(values(args, "--bind", 2)).toEqual([
      ["/data/s/tmp", "/tmp"],
      ["/data/s/work", "/workspace"],
      ["/data/s/home", "/home/agent"],
      ["/data/s/runtime", "/run/berth"],
    ]);
  });

  test("namespaces, rights and environment start from nothing, kernel settings are covered", () => {
    for (const option of ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session", "--clearenv"]) expect(args).toContain(option);
    expect(values(args, "--cap-drop", 1)).toEqual([["ALL"]]);
    expect(values(args, "--ro-bind-try", 2)).toContainEqual(["/proc/sys", "/proc/sys"]);
    expect(args.indexOf("--proc")).toBeLessThan(args.indexOf("/proc/sys"));
    expect(args).not.toContain("--die-with-parent");
    expect(args.slice(-2)).toEqual(["--", "true"]);
  });

  test("paths of the machine get a place of their own inside", () => {
    expect(insidePath("/home/ada/node/bin/node", settings.readOnlyPaths)).toBe("/opt/berth/0/node");
    expect(insidePath("/home/ada/x/y", ["/home/ada/x"])).toBe("/opt/berth/0/x/y");
    expect(insidePath("/home/ada/xy", ["/home/ada/x"])).toBe("/home/ada/xy");
  });

  test("a runtime outlives its host, a foreground command does not", () => {
    const runtime = commandLine(settings, { ...request, infoFd: 3 });
    expect(runtime.file).toBe("bwrap");
    expect(runtime.args).not.toContain("--die-with-parent");
    expect(runtime.args.slice(-3)).toEqual(["--", "/opt/berth/0/node", "/opt/berth/1/runtime.mjs"]);
    expect(values(runtime.args, "--chdir", 1)).toEqual([["/workspace/sub"]]);
    expect(commandLine(settings, { ...request, foreground: { id: "c" } }).args).toContain("--die-with-parent");
  });
});

describe("other isolations", () => {
  test("none runs the command as it is, with a small environment", () => {
    const line = commandLine({ ...settings, isolation: "none" }, request);
    expect(line).toMatchObject({ file: "/home/ada/node/bin/node", args: ["/home/ada/berth/runtime.mjs"], cwd: "/data/s/work/sub" });
    expect(line.environment).toMatchObject({ HOME: "/data/s/home", BERTH_RUN_DIR: "/data/s/runtime", LANG: "C.UTF-8" });
  });

  test("seatbelt denies homes and Berth's data, then allows the session's folders", () => {
    const line = commandLine({ ...settings, isolation: "seatbelt" }, request);
    expect(line.file).toBe("/usr/bin/sandbox-exec");
    const profile = line.args[1] ?? "";
    expect(profile).toContain('(deny file-read* file-write* (subpath "/Users") (subpath "/Volumes") (subpath "/data"))');
    expect(profile.indexOf("deny file-read*")).toBeLessThan(profile.indexOf('(subpath "/data/s/work")'));
    expect(line.args.slice(2)).toEqual(request.command);
  });

  test("a path with quotes stays one string of the profile", () => {
    expect(seatbeltProfile({ writable: ['/a") (allow default) ("'], readOnlyPaths: [], hidden: [] })).toContain('(subpath "/a\\") (allow default) (\\"")');
  });
});

describe("detectIsolation", () => {
  test("bubblewrap is tried for real on Linux", async () => {
    expect(await detectIsolation("linux")).toEqual({ isolation: "bubblewrap", reason: null, fix: null });
  });

  test("a system without any says so and what to do", async () => {
    expect(await detectIsolation("win32")).toEqual({ isolation: "none", reason: "there is no process isolation on win32", fix: expect.stringContaining("docker") });
  });
});
