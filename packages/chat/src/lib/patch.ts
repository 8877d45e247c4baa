/** A patch in git's own form, by files and lines. */

export type LineKind = "added" | "removed" | "place" | "context";

export interface PatchLine {
  readonly kind: LineKind;
  readonly text: string;
}

/** One piece for each file, in the order of the list of files. No line of a file's content begins as a piece does. */
export function piecesOf(patch: string): readonly string[] {
  const pieces: string[] = [];
  for (const piece of patch === "" ? [] : patch.split(/\n(?=diff --git )/)) {
    const before = pieces.at(-1);
    // A file that became a link is told as one that went and one that came.
    if (before !== undefined && headOf(before) === headOf(piece)) pieces[pieces.length - 1] = `${before}\n${piece}`;
    else pieces.push(piece);
  }
  return pieces;
}

function headOf(piece: string): string {
  return piece.split("\n", 1)[0] ?? "";
}

/** Lines that are shown at once; a piece may have some hundred thousand. */
export const LINES_MAX = 2_000;

/** What a piece says of the file's content, without its heading; empty for one that only names the file. */
export function linesOf(piece: string): readonly PatchLine[] {
  const at = piece.indexOf("\n@@ ");
  if (at < 0) return [];
  return piece
    .slice(at + 1)
    .replace(/\n$/, "")
    .split("\n")
    .map((text) => ({ kind: kindOf(text), text }));
}

function kindOf(line: string): LineKind {
  if (line.startsWith("@@ ")) return "place";
  return line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "context";
}
