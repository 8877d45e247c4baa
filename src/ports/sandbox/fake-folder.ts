/** A folder of the machine with its branches, as far as the sandboxes in memory need one. */
export type FakeFiles = Map<string, Uint8Array>;

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && one.length === other.length && one.every((byte, index) => byte === other[index]);
}

export class FakeFolder {
  /** Files at the commit that is checked out, on `main`. */
  readonly head: ReadonlyMap<string, Uint8Array>;
  readonly branches = new Map<string, { readonly commit: string; readonly files: FakeFiles; readonly base: FakeFiles | null }>();

  constructor(files: Readonly<Record<string, string>>) {
    const bytes = new TextEncoder();
    this.head = new Map(Object.entries(files).map(([path, text]) => [path, bytes.encode(text)]));
    this.branches.set("main", { commit: "1".repeat(40), files: new Map(this.head), base: null });
  }

  /** The part of git's rules that people run into. */
  static accepts(branch: string): boolean {
    return /^(?![-/.])(?!.*(\.\.|\/\/|@\{|\/\.))[^\s~^:?*[\\\p{Cc}]+(?<!\.lock|[/.])$/u.test(branch);
  }

  static difference(base: FakeFiles, files: FakeFiles): number {
    const names = new Set([...base.keys(), ...files.keys()]);
    return [...names].filter((name) => !sameBytes(base.get(name), files.get(name))).length;
  }

  /** Null when the branch is checked out or has commits that do not come from the same work. */
  write(branch: string, files: FakeFiles, base: FakeFiles): string | null {
    const known = this.branches.get(branch);
    if (branch === "main" || (known && known.base !== base)) return null;
    if (known && FakeFolder.difference(known.files, files) === 0) return known.commit;
    const commit = ((Number.parseInt(known?.commit.slice(0, 8) ?? "0", 16) + this.branches.size + 1) >>> 0).toString(16).padStart(8, "0").padEnd(40, "0");
    this.branches.set(branch, { commit, files: new Map(files), base });
    return commit;
  }

  /** Somebody else commits to a branch. */
  commitElsewhere(branch: string): void {
    this.branches.set(branch, { commit: "2".repeat(40), files: new Map(), base: null });
  }
}
