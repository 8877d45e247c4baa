/**
 * Each port of each session has an origin of its own, `<port>--<session>.<domain>`: browsers keep what is served there apart
 * from Berth and from every other sandbox. A session's id is written with `-`, since `_` is no letter of a host's name.
 */
export interface PreviewPlace {
  readonly port: number;
  readonly sessionId: string;
}

const LABEL = /^([1-9]\d{0,4})--ses-([0-9a-z]{26})$/;
const PORT_MAX = 65_535;

export function previewLabel({ port, sessionId }: PreviewPlace): string {
  return `${port}--${sessionId.replace("_", "-")}`;
}

/** What a host's first label names; null where it is no preview's, whatever the rest says. @param hostname in lower case, as `URL` has it */
export function parsePreviewHost(hostname: string): (PreviewPlace & { readonly domain: string }) | null {
  const dot = hostname.indexOf(".");
  const [, port, id] = LABEL.exec(hostname.slice(0, Math.max(dot, 0))) ?? [];
  if (port === undefined || id === undefined || Number(port) > PORT_MAX) return null;
  return { port: Number(port), sessionId: `ses_${id}`, domain: hostname.slice(dot + 1) };
}

/** Whether nothing but previews is at that name: below their domain, and no name of Berth's own, as it may have one below `localhost`. */
export function isForPreviews(hostname: string, domain: string | undefined, own: readonly string[]): boolean {
  const name = hostname.replace(/\.$/, "");
  if (domain === undefined || own.some((url) => URL.parse(url)?.hostname === hostname)) return false;
  return name.endsWith(`.${domain}`) || (name === domain && domain.includes("."));
}
