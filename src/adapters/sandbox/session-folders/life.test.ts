/** Labels that change while somebody looks at them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { specOf } from "../../../ports/sandbox/sandbox-kit.contract.ts";
import type { FolderBackend } from "./backend.ts";
import { LabelStore, type SandboxLabel } from "./label.ts";
import { SandboxLife } from "./life.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-life-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const { link: _, ...spec } = specOf("looked");
const label = (phase: SandboxLabel["phase"]): SandboxLabel => ({ spec, createdAtMs: 1, phase });

/** Nothing runs on it. */
function lifeOf(labels: LabelStore, part: Partial<FolderBackend> = {}): { readonly life: SandboxLife; readonly ended: string[] } {
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
  return { life: new SandboxLife({ labels, backend, dataDir: root, gitIdentity: () => Promise.resolve(null), gitInside: refuse, onEnd: () => undefined }), ended };
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
