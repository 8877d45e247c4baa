import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { headersInside, headersOutside, isOthersPage, readPassCookie, setPassCookie, withBodyLength } from "./preview-headers.ts";
import { parsePreviewHost, previewLabel } from "./preview-host.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";
const ORIGIN = "https://3000--ses-0123456789abcdefghjkmnpqrs.preview.example";
const PRIVATE = ["cache-control", "private"];
const PLACES = { port: 3000, origin: ORIGIN };

verifies("WSP17", "only a name that says a port and a session is a preview's", () => {
  const label = previewLabel({ port: 3000, sessionId: SESSION });
  expect(parsePreviewHost(`${label}.preview.example`)).toEqual({ port: 3000, sessionId: SESSION, domain: "preview.example" });
  for (const other of ["localhost", "berth.example", label, `x${label}.localhost`, `0${label}.localhost`, label.replace("3000", "70000") + ".localhost", `a.${label}.localhost`, `3000--ses-short.localhost`]) expect(parsePreviewHost(other)).toBeNull();
});

verifies("WSP17", "what goes into a sandbox has no credential of Berth's, nothing of one connection and nothing of who is in front", () => {
  const sent: [string, string][] = [
    ["Host", "elsewhere"], ["Authorization", "Bearer example"], ["Proxy-Authorization", "Basic x"], ["Connection", "keep-alive, X-Hop"], ["X-Hop", "1"], ["Upgrade", "websocket"],
    ["Cookie", "a=1; __Host-berth-preview=wkp_x; __Secure-berth.session_token=s; berth.session_token=t; b=2"], ["Origin", ORIGIN], ["Referer", `${ORIGIN}/a?b`],
    ["X-Forwarded-For", "10.0.0.1"], ["CF-Connecting-IP", "10.0.0.1"], ["X-Berth-Author", "{}"], ["Sec-WebSocket-Key", "k"], ["Sec-WebSocket-Protocol", "vite-hmr"], ["Accept-Encoding", "gzip"], ["Accept", "text/html"],
  ];
  expect(headersInside(sent, PLACES)).toEqual([
    ["host", "localhost:3000"], ["cookie", "a=1; b=2"], ["origin", "http://localhost:3000"], ["referer", "http://localhost:3000/a?b"], ["sec-websocket-protocol", "vite-hmr"], ["accept", "text/html"],
  ]);
  expect(headersInside([["cookie", "berth-preview=x"], ["origin", "https://other.example"]], PLACES)).toEqual([["host", "localhost:3000"], ["origin", "https://other.example"]]);
});

verifies("WSP20", "where a body ends is always said, and of none that one comes", () => {
  expect(withBodyLength([["a", "1"]], true)).toEqual([["a", "1"], ["transfer-encoding", "chunked"]]);
  expect(withBodyLength([["content-length", "3"]], true)).toEqual([["content-length", "3"]]);
  expect(withBodyLength([["content-length", "3"], ["a", "1"]], false)).toEqual([["a", "1"]]);
  expect(withBodyLength([["content-length", "0"]], false)).toEqual([["content-length", "0"]]);
});

verifies("WSP17", "what an answer sets stays at its origin, and sends nobody to where it listens", () => {
  const answered: [string, string][] = [
    ["Set-Cookie", "a=1; Domain=preview.example; Path=/"], ["Set-Cookie", "berth-preview=theirs"], ["Set-Cookie", "__Host-berth-preview=theirs; Secure; Path=/"], ["Set-Cookie", "b=2;domain=x; HttpOnly"],
    ["Strict-Transport-Security", "max-age=1"], ["Alt-Svc", "h3=x"], ["Transfer-Encoding", "chunked"], ["X-Berth-Problem", "1"], ["Location", "http://127.0.0.1:3000/a?b#c"], ["Content-Type", "text/html"],
  ];
  expect(headersOutside(answered, PLACES)).toEqual([["set-cookie", "a=1; Path=/"], ["set-cookie", "b=2; HttpOnly"], ["location", `${ORIGIN}/a?b#c`], ["content-type", "text/html"], PRIVATE]);
  for (const elsewhere of ["/next", "http://localhost:3001/", "https://example.com/"]) expect(headersOutside([["location", elsewhere]], PLACES)).toEqual([["location", elsewhere], PRIVATE]);
});

verifies("WSP17", "an answer has no say beyond its origin: over other previews' cookies, over who is in front of Berth, and over caches on the way", () => {
  const answered: [string, string][] = [
    ["Clear-Site-Data", '"cookies"'], ["Service-Worker-Allowed", "/"], ["X-Accel-Redirect", "/internal/secret"], ["X-Accel-Buffering", "no"], ["X-Sendfile", "/etc/passwd"], ["CDN-Cache-Control", "public"],
    ["Cache-Control", "public, max-age=60"], ["cache-control", "S-MaxAge=9, immutable"],
  ];
  expect(headersOutside(answered, PLACES)).toEqual([["x-accel-buffering", "no"], ["cache-control", "private, max-age=60, immutable"]]);
  expect(headersOutside([["Cache-Control", "no-store"]], PLACES)).toEqual([["cache-control", "private, no-store"]]);
});

verifies("WSP20", "letters of any script pass as they were written, either way", () => {
  expect(headersInside([["x-name", "é 日本"]], PLACES)).toEqual([["host", "localhost:3000"], ["x-name", "\u00c3\u00a9 \u00e6\u0097\u00a5\u00e6\u009c\u00ac"]]);
  for (const [inside, outside] of [["\u00c3\u00a9 \u00e6\u0097\u00a5", "é 日"], ["caf\u00e9", "caf\u00e9"], ["plain", "plain"]] as const) expect(headersOutside([["x-name", inside]], PLACES)[0]).toEqual(["x-name", outside]);
});

verifies("WSP16", "a page of another origin is told from this one's, from a program and from whoever follows a link", () => {
  const others = (headers: Record<string, string>): boolean => isOthersPage(new Headers(headers), ORIGIN);
  const link = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  for (const fine of [{}, { origin: ORIGIN }, { "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none", ...link }, { "sec-fetch-site": "cross-site", ...link }, { origin: "null", "sec-fetch-site": "same-origin" }]) expect(others(fine)).toBe(false);
  for (const bad of [{ origin: "null" }, { origin: "null", "sec-fetch-site": "same-site", ...link }, { origin: ORIGIN.replace("https", "http"), "sec-fetch-site": "same-origin" }, { origin: ORIGIN.replace("3000", "3001") }, { "sec-fetch-site": "same-site" }, { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }, { origin: "https://evil.example", "sec-fetch-site": "cross-site", ...link }]) expect(others(bad)).toBe(true);
});

verifies("WSP15", "the cookie is read by no script, goes to no other host, and where there is TLS not without it", () => {
  expect(setPassCookie(ORIGIN, "wkp_x")).toBe("__Host-berth-preview=wkp_x; Path=/; HttpOnly; SameSite=Lax; Secure");
  expect(setPassCookie("http://3000--x.localhost:8787", "wkp_x")).toBe("berth-preview=wkp_x; Path=/; HttpOnly; SameSite=Lax");
  expect(readPassCookie("berth-preview=weak; __Host-berth-preview=wkp_x; a=1", ORIGIN)).toBe("wkp_x");
  expect([readPassCookie(null, ORIGIN), readPassCookie("berth-preview=weak", ORIGIN)]).toEqual([null, null]);
});
