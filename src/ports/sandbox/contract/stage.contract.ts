/** An empty backend of one case, and a running sandbox as cases use it. */
import type { ContractFolder, SandboxHarness } from "../sandbox-kit.contract.ts";
import { bytes, eventually, EXEC, settled, started, text } from "../sandbox-kit.contract.ts";
import type { ExecRequest, ExecResult, SandboxDescription, SandboxId, SandboxProvider, SandboxSpec } from "../sandbox.port.ts";

export class Box {
  readonly subject: SandboxProvider;
  readonly id: SandboxId;
  /** Folder of the work folder that this case is in; empty: the work folder itself. */
  readonly folder: string;

  constructor(subject: SandboxProvider, id: SandboxId, folder = "") {
    this.subject = subject;
    this.id = id;
    this.folder = folder;
  }

  at(path: string): string {
    return this.folder === "" ? path : `${this.folder}/${path}`;
  }

  exec(command: ExecRequest["command"], part: Partial<ExecRequest> = {}): Promise<ExecResult> {
    return this.subject.exec(this.id, { command, ...EXEC, ...(this.folder === "" ? {} : { cwd: this.folder }), ...part });
  }

  sh(script: string, part: Partial<ExecRequest> = {}): Promise<ExecResult> {
    return this.exec(["sh", "-c", script], part);
  }

  async read(path: string): Promise<string | null> {
    return text(await this.bytes(path));
  }

  bytes(path: string): Promise<Uint8Array | null> {
    return this.subject.readFile(this.id, this.at(path));
  }

  write(path: string, content: string | Uint8Array): Promise<void> {
    return this.subject.writeFile(this.id, this.at(path), typeof content === "string" ? bytes(content) : content);
  }
}

export class Stage {
  readonly harness: SandboxHarness;
  readonly subject: SandboxProvider;

  constructor(harness: SandboxHarness, subject: SandboxProvider) {
    this.harness = harness;
    this.subject = subject;
  }

  /** Created and come to run. */
  async start(spec: SandboxSpec): Promise<Box> {
    return new Box(this.subject, await started(this.subject, spec, this.harness.patienceMs));
  }

  settled(id: SandboxId): Promise<SandboxDescription> {
    return settled(this.subject, id, this.harness.patienceMs);
  }

  eventually<T>(look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
    return eventually(look, isThere, this.harness.patienceMs);
  }

  async phases(subject = this.subject): Promise<Readonly<Record<SandboxId, SandboxDescription["phase"]>>> {
    return Object.fromEntries((await subject.list({})).map(({ id, phase }) => [id, phase]));
  }

  /** A case that calls these says so in its needs. */
  async reopen(): Promise<SandboxProvider> {
    return (await this.harness.reopen?.(this.subject)) ?? missing("reopen");
  }

  async kill(id: SandboxId): Promise<void> {
    await (this.harness.kill ?? missing("kill"))(this.subject, id);
  }

  async folder(): Promise<ContractFolder> {
    return (await this.harness.makeFolder?.()) ?? missing("makeFolder");
  }

  release(): void {
    (this.harness.release ?? missing("release"))(this.subject);
  }

  async inject(fault: string): Promise<void> {
    await (this.harness.inject?.[fault] ?? missing(fault))(this.subject);
  }
}

function missing(what: string): never {
  throw new Error(`the case does not say that it needs ${what}`);
}
