/** What the engine's client throws, as the port reports it. */
import { describe, expect, test } from "vitest";
import { refusal } from "../session-folders/errors.ts";
import { classifyEngine, isNotRunning, withBuildTold } from "./errors.ts";

/** As dockerode words an answer that is no success. */
const answer = (statusCode: number, said: string): Error => Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${said} `), { statusCode, json: { message: said } });
const errno = (code: string): Error => Object.assign(new Error(`connect ${code} /var/run/docker.sock`), { code });

describe("classifyEngine", () => {
  test.each([
    ["no socket", errno("ENOENT"), "failed-precondition", "not-applied", { afterMs: 5_000 }, /systemctl start docker/],
    ["nobody listens", errno("ECONNREFUSED"), "failed-precondition", "not-applied", { afterMs: 5_000 }, /systemctl start docker/],
    ["not let in", errno("EACCES"), "permission-denied", "not-applied", "never", /usermod -aG docker/],
    ["cut", errno("ECONNRESET"), "unknown", "unknown", "never", undefined],
    ["no image", answer(404, "No such image: berth-sandbox:latest"), "failed-precondition", "not-applied", "never", /npm run image/],
    ["gone", answer(404, "No such container: berth-0123-ses_a-1"), "not-found", "not-applied", "never", undefined],
    ["full disk", answer(500, "mkdir /var/lib/docker/overlay2/x: no space left on device"), "resource-exhausted", "unknown", { afterMs: 30_000 }, /docker system prune/],
    ["no memory", answer(500, "fork/exec /usr/bin/containerd-shim: cannot allocate memory"), "resource-exhausted", "unknown", { afterMs: 5_000 }, undefined],
    ["no such runtime", answer(400, "unknown or invalid runtime name: runsc"), "failed-precondition", "not-applied", "never", /SANDBOX_RUNTIME/],
    ["an image without our programs", answer(400, 'OCI runtime create failed: exec: "/usr/bin/tini": stat /usr/bin/tini: no such file or directory: unknown'), "failed-precondition", "not-applied", "never", /npm run image/],
    ["a name that is taken", answer(409, 'Conflict. The container name "/berth" is already in use'), "failed-precondition", "not-applied", "never", undefined],
    ["going down", answer(503, "service unavailable"), "failed-precondition", "not-applied", { afterMs: 5_000 }, /Start Docker/],
    ["anything else of the engine's", answer(500, "something broke"), "internal", "unknown", "never", undefined],
    ["what nobody knows", new Error("?"), "unknown", "unknown", "never", undefined],
  ] as const)("%s", (_, raw, code, outcome, retry, fix) => {
    const error = classifyEngine("create", raw);
    expect(error).toMatchObject({ port: "sandbox", operation: "create", code, outcome, retry, cause: raw });
    if (fix === undefined) expect(error.fix).toBeUndefined();
    else expect(error.fix).toMatch(fix);
  });

  test("the engine's own sentence is told where nothing better is known, and what is classified passes", () => {
    expect(classifyEngine("create", answer(500, "something broke")).message).toBe("The container engine failed. It said: something broke");
    const known = refusal("stop", "No.", { code: "canceled" });
    expect(classifyEngine("create", known)).toBe(known);
  });

  test("a container that is gone or stopped is told from an engine that fails", () => {
    expect([answer(404, "No such container"), answer(409, "Container is not running"), answer(500, "x"), errno("ENOENT"), null].map(isNotRunning)).toEqual([true, true, false, false, false]);
  });

  test("[DKR9] a missing image is told with its build: that it goes on, or why it failed", () => {
    const missing = classifyEngine("create", answer(404, "No such image: berth-sandbox:latest"));
    const told = (build: Parameters<typeof withBuildTold>[1]) => withBuildTold(missing, build);
    expect(told(() => ({ state: "building", image: "x", step: "Building x from y", builder: { pid: 1, startedAt: "1" } })).message).toBe(
      "The image of sandboxes is being built (Building x from y); sessions that begin after that run in containers.",
    );
    expect(told(() => ({ state: "failed", image: "x", reason: "No route." }))).toMatchObject({ message: "The image of sandboxes could not be built: No route.", fix: expect.stringContaining("`npm run image`"), code: "failed-precondition", outcome: "not-applied" });
    expect(told(() => null).message).toBe(missing.message);
    const other = classifyEngine("create", answer(500, "something broke"));
    expect(withBuildTold(other, () => ({ state: "failed", image: "x", reason: "No route." }))).toBe(other);
  });
});
