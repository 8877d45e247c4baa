/**
 * The profile for macOS's `sandbox-exec`. Everything a program needs to run stays readable; people's homes and Berth's own
 * data folder do not, and only the session's own folders can be written.
 */
export interface SeatbeltRequest {
  /** Folders of the session: readable and writable. */
  readonly writable: readonly string[];
  readonly readOnlyPaths: readonly string[];
  /** Folders nobody inside may see, unless listed above. */
  readonly hidden: readonly string[];
}

/** A string literal of the profile language. */
function literal(path: string): string {
  return `"${path.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
}

function subpaths(paths: readonly string[]): string {
  return paths.map((path) => `(subpath ${literal(path)})`).join(" ");
}

/** The last matching rule wins. */
export function seatbeltProfile({ writable, readOnlyPaths, hidden }: SeatbeltRequest): string {
  return [
    "(version 1)",
    "(allow default)",
    `(deny file-read* file-write* ${subpaths(["/Users", "/Volumes", ...hidden])})`,
    "(allow file-read-metadata)",
    "(deny file-write*)",
    `(allow file-read* ${subpaths([...readOnlyPaths, ...writable])})`,
    `(allow file-write* ${subpaths([...writable, "/dev"])})`,
    "(deny signal process-info*)",
    "(allow signal process-info* (target same-sandbox))",
    "",
  ].join("\n");
}
