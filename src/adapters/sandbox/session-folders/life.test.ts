/** Labels that change while somebody looks at them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { specOf } from "../../../ports/sandbox/sandbox-kit.contract.ts";
import type { FolderBackend } from "./backend.ts";
import { LabelStore, type SandboxLabel } from "./label.ts";
import { SandboxLife } from "./life.ts";
import type { Taken } from "./warm-pool.ts";
import { makeFolders } from "./workspace.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-life-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const { link: _, ...spec } = specOf("looked");
const label = (phase: SandboxLabel["phase"]): SandboxLabel => ({ spec, createdAtMs: 1, phase });

/** Nothing runs on it. */
function lifeOf(labels: LabelStore, part: Partial<FolderBackend> = {}, taken: Taken | null = null): { readonly life: SandboxLife; readonly ended: string[] } {
  const ended: string[] = [];
  const refuse = (): never => {
    throw new Error("nobody asks for that");
  };
  const backend: FolderBackend = {
    name: "stub",
    isolation: "none",
    capabilities: { keepsWorkFolder: true, appliesToFolder: false, snapshots: false, expose: false, claim: false },
    admit: refuse,
    launch: refuse,
    hasTaken: refuse,
    alive: () => Promise.resolve(new Set()),
    lastWords: () => Promise.resolve(""),
    end: ({ spec: { id } }) => {
      ended.push(id);
      return Promise.resolve(true);
    },
    run: refuse,
    describePolicy: refuse,
    ...part,
  };
  return { life: new SandboxLife({ labels, backend, dataDir: root, gitIdentity: () => Promise.resolve(null), gitInside: refuse, takeWaiting: () => Promise.resolve(taken), onEnd: () => undefined }), ended };
}

test("[SBX6] a start that came to its end while others were looked at was not interrupted", async () => {
  const labels = new LabelStore(root);
  const { life, ended } = lifeOf(labels);
  labels.write(label("running"));
  expect(await life.refresh([label("accepted")])).toEqual([label("running")]);
  expect([labels.read(spec.id)?.phase, ended]).toEqual(["running", []]);
});

test("[SBX10] a start that nobody is at any more was interrupted", async () => {
  const labels = new LabelStore(root);
  const { life, ended } = lifeOf(labels);
  labels.write(label("accepted"));
  expect(await life.refresh([label("accepted")])).toMatchObject([{ phase: "failed", failure: { code: "start-interrupted" } }]);
  expect([labels.read(spec.id)?.phase, ended]).toEqual(["failed", [spec.id]]);
});

test("[SBX16] one that was removed while its last words were read stays removed", async () => {
  const labels = new LabelStore(root);
  const { life } = lifeOf(labels, {
    lastWords: () => {
      labels.remove(spec.id);
      return Promise.resolve("bye");
    },
  });
  labels.write(label("running"));
  await life.refresh([label("running")]);
  expect(labels.all()).toEqual([]);
});

/** Its folders are there; how it is claimed is the test's to say. */
function waiting(labels: LabelStore, claim: Taken["runtime"]["claim"]): { readonly taken: Taken; readonly ends: string[] } {
  const name = "waiting_1";
  const ends: string[] = [];
  makeFolders(labels.foldersOf(name));
  const end = () => Promise.resolve(void ends.push(name));
  return { taken: { name, runtime: { claim, end }, workspace: { branch: "main", base: "0", source: null } }, ends };
}

test("[WRM1] what waited is the session's with its folders, and is found by the name it began with", async () => {
  const labels = new LabelStore(root);
  const { taken } = waiting(labels, () => Promise.resolve({ startedAs: "waiting_1-1" }));
  writeFileSync(join(labels.foldersOf(taken.name).work, "file"), "of the one that waited");
  const { life } = lifeOf(labels, { alive: (all) => Promise.resolve(new Set(all.map(({ spec: { id } }) => id))), hasTaken: () => true }, taken);
  labels.write(label("accepted"));
  life.start(label("accepted"), specOf("looked").link);
  await life.settled(label("accepted"), 10_000);
  expect(labels.read(spec.id)).toMatchObject({ phase: "running", startedAs: "waiting_1-1" });
  expect(readFileSync(join(labels.foldersOf(spec.sessionId).work, "file"), "utf8")).toBe("of the one that waited");
  expect(labels.waiting()).toEqual([]);
});

test("[WRM6] one that cannot be claimed is ended, and the sandbox is made in folders of its own", async () => {
  const labels = new LabelStore(root);
  const { taken, ends } = waiting(labels, () => Promise.reject(new Error("it has died")));
  const launched: string[] = [];
  const launch: FolderBackend["launch"] = ({ folders, label: made }) => {
    launched.push(made.spec.id, ...readdirSync(folders.work));
    return Promise.resolve({});
  };
  const { life } = lifeOf(labels, { launch, alive: (all) => Promise.resolve(new Set(all.map(({ spec: { id } }) => id))), hasTaken: () => true }, taken);
  writeFileSync(join(labels.foldersOf(taken.name).work, "file"), "of the one that waited");
  labels.write(label("accepted"));
  life.start(label("accepted"), specOf("looked").link);
  await life.settled(label("accepted"), 10_000);
  expect([ends, launched, labels.read(spec.id)?.phase]).toEqual([["waiting_1"], [spec.id], "running"]);
});
