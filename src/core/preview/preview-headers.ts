/** What of a request's and an answer's head passes between a browser and what is served in a sandbox. */
type Pairs = readonly (readonly [string, string])[];

/** Of one connection, and so never of the next. */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];
/**
 * A credential that people use for Berth has no business in a sandbox, and neither has what those in front of Berth say of who
 * asks. Answers come as they are, since whoever is in front packs them.
 */
const KEPT_FROM_SANDBOX = new Set([...HOP_BY_HOP, "authorization", "host", "cookie", "origin", "referer", "expect", "accept-encoding", "forwarded", "via", "x-real-ip", "true-client-ip"]);
const KEPT_PREFIXES = ["sec-websocket-", "x-forwarded-", "cf-", "x-berth-"];
/** What browsers take beyond the origin, to its site or its name, and what those in front of Berth obey. */
const KEPT_FROM_BROWSER = new Set([
  ...HOP_BY_HOP,
  ...["alt-svc", "clear-site-data", "content-length", "service-worker-allowed", "strict-transport-security"],
  ...["cdn-cache-control", "surrogate-control", "x-accel-expires", "x-accel-redirect", "x-lighttpd-send-file", "x-sendfile"],
]);
/** Whoever has no pass is not to have it from a cache on the way. */
const SHARED_CACHE = /^\s*(public|private|s-maxage)\b/i;
/** Berth's own, under whatever prefix a browser asks for. */
const OWN_COOKIE = /^(__Host-|__Secure-)?berth[-.]/i;

export interface Places {
  /** Inside the sandbox. */
  readonly port: number;
  /** As the browser knows it. */
  readonly origin: string;
}

/** What is served sees itself where it listens: as `localhost`, which servers for development insist on. */
export function headersInside(headers: Pairs, { port, origin }: Places): [string, string][] {
  const named = namedByConnection(headers);
  const inside = `http://localhost:${port}`;
  const kept: [string, string][] = [["host", `localhost:${port}`]];
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    if (name === "sec-websocket-protocol") kept.push([name, value]);
    else if (name === "cookie") kept.push(...cookieInside(value));
    else if (name === "origin" || name === "referer") kept.push([name, value === origin || value.startsWith(`${origin}/`) ? inside + value.slice(origin.length) : value]);
    else if (!KEPT_FROM_SANDBOX.has(name) && !named.has(name) && !KEPT_PREFIXES.some((prefix) => name.startsWith(prefix))) kept.push([name, value]);
  }
  return kept.map(([name, value]) => [name, bytesOf(value)]);
}

/** The control plane reads and writes values as UTF-8, and Node, which speaks inside, takes each unit for a byte. */
function bytesOf(value: string): string {
  return /[^\x20-\x7e]/.test(value) ? Array.from(new TextEncoder().encode(value), (byte) => String.fromCharCode(byte)).join("") : value;
}

function textOf(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\x20-\xff]/.test(value)) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(value, (unit) => unit.charCodeAt(0)));
  } catch {
    return value;
  }
}

/** Of a body, so that where it ends is said whatever the method: a server would take it for its next request. */
export function withBodyLength(headers: [string, string][], hasBody: boolean): [string, string][] {
  if (!hasBody) return headers.filter(([name, value]) => name !== "content-length" || value === "0");
  return headers.some(([name]) => name === "content-length") ? headers : [...headers, ["transfer-encoding", "chunked"]];
}

function cookieInside(value: string): [string, string][] {
  const others = value.split(";").map((pair) => pair.trim()).filter((pair) => pair !== "" && !OWN_COOKIE.test(pair));
  return others.length === 0 ? [] : [["cookie", others.join("; ")]];
}

/** What an answer sets stays on its own origin. */
export function headersOutside(headers: Pairs, { port, origin }: Places): [string, string][] {
  const named = namedByConnection(headers);
  const caching = headers.filter(([name]) => name.toLowerCase() === "cache-control").flatMap(([, value]) => value.split(","));
  const passed = headers.flatMap(([given, bytes]): [string, string][] => {
    const [name, value] = [given.toLowerCase(), textOf(bytes)];
    if (name === "cache-control" || KEPT_FROM_BROWSER.has(name) || named.has(name) || name.startsWith("x-berth-")) return [];
    if (name === "set-cookie") return cookieOutside(value);
    if (name === "location") return [[name, locationOutside(value, port, origin)]];
    return [[name, value]];
  });
  return [...passed, ["cache-control", ["private", ...caching.map((word) => word.trim()).filter((word) => word !== "" && !SHARED_CACHE.test(word))].join(", ")]];
}

function cookieOutside(value: string): [string, string][] {
  const [pair = "", ...attributes] = value.split(";");
  if (OWN_COOKIE.test(pair.trim())) return [];
  return [["set-cookie", [pair, ...attributes.filter((attribute) => !/^\s*domain\s*(=|$)/i.test(attribute))].join(";")]];
}

function locationOutside(value: string, port: number, origin: string): string {
  const url = URL.parse(value);
  const isInside = url !== null && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname) && (url.port || "80") === String(port);
  return isInside ? origin + url.pathname + url.search + url.hash : value;
}

function namedByConnection(headers: Pairs): ReadonlySet<string> {
  const values = headers.filter(([name]) => name.toLowerCase() === "connection").flatMap(([, value]) => value.split(","));
  return new Set(values.map((name) => name.trim().toLowerCase()));
}

/**
 * Whether a page of another origin asks: other sandboxes' pages may be of the same site, to which browsers give cookies along.
 * Only following a link to a whole page is nobody's business.
 */
export function isOthersPage(headers: Pick<Headers, "get">, origin: string): boolean {
  const [from, site] = [headers.get("origin"), headers.get("sec-fetch-site") ?? ""];
  // A form of a page without referrers has the origin `null`; what the browser says of the site stands.
  if (from !== null && from !== origin && !(from === "null" && site === "same-origin")) return true;
  if (!["cross-site", "same-site"].includes(site)) return false;
  return headers.get("sec-fetch-mode") !== "navigate" || headers.get("sec-fetch-dest") !== "document";
}

const COOKIE = "berth-preview";

/** Where the origin is https, no page but its own can set it. */
export function passCookie(origin: string): string {
  return origin.startsWith("https:") ? `__Host-${COOKIE}` : COOKIE;
}

/** Lives as long as the browser; how long it is good for the session knows. */
export function setPassCookie(origin: string, pass: string): string {
  return `${passCookie(origin)}=${pass}; Path=/; HttpOnly; SameSite=Lax${origin.startsWith("https:") ? "; Secure" : ""}`;
}

export function readPassCookie(cookie: string | null, origin: string): string | null {
  const prefix = `${passCookie(origin)}=`;
  return cookie?.split(";").map((pair) => pair.trim()).find((pair) => pair.startsWith(prefix))?.slice(prefix.length) ?? null;
}
