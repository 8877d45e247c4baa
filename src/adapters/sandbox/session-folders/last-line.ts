const LINE_MAX = 300;

/** What a runtime said last, for people; a token that slipped into it is taken out. */
export function lastLineOf(log: string): string {
  const line = log.trimEnd().split("\n").at(-1) ?? "";
  return line.replace(/berth_sbx_\S+/g, "[token]").slice(0, LINE_MAX);
}
