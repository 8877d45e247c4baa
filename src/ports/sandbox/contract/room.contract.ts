/** Sandboxes that many cases share: one that runs, and one of another organization that was stopped. */
import type { SandboxHarness } from "../sandbox-kit.contract.ts";
import { specOf } from "../sandbox-kit.contract.ts";
import type { SandboxDescription, SandboxProvider } from "../sandbox.port.ts";
import { Box, Stage } from "./stage.contract.ts";

export const RUNNING = specOf("shared");
export const HALTED = specOf("halted", 3, { orgId: "org_2" });
/** Of a file that was written before it was stopped. */
export const KEPT = { path: "kept/by stop.txt", text: "kept\n" };

export class Room {
  readonly harness: SandboxHarness;
  readonly subject: SandboxProvider;
  /** What `create` answered. */
  readonly created: SandboxDescription;
  readonly running: Box;
  readonly halted: Box;
  #folders = 0;

  private constructor(harness: SandboxHarness, subject: SandboxProvider, created: SandboxDescription) {
    this.harness = harness;
    this.subject = subject;
    this.created = created;
    this.running = new Box(subject, RUNNING.id);
    this.halted = new Box(subject, HALTED.id);
  }

  static async open(harness: SandboxHarness): Promise<Room> {
    const stage = new Stage(harness, await harness.create());
    const created = await stage.subject.create(RUNNING);
    await stage.start(RUNNING);
    const halted = await stage.start(HALTED);
    await halted.write(KEPT.path, KEPT.text);
    await stage.subject.stop(halted.id);
    return new Room(harness, stage.subject, created);
  }

  /** A folder of its own for a case. */
  async folder(): Promise<Box> {
    this.#folders += 1;
    const box = new Box(this.subject, this.running.id, `case-${this.#folders}`);
    await box.write("of-the-kit", "");
    return box;
  }
}
