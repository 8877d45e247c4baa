/** Headers that every answer carries, static files included. CORS is for client tokens only: `cors.ts`. */
/** For pages of the server's own, which have no scripts: nothing that comes into one runs. */
export const PAGE_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Where the instance is reached by https, browsers go there by nothing else for a year. */
export function transportHeaders(publicUrl: string): Readonly<Record<string, string>> {
  return publicUrl.startsWith("https:") ? { "strict-transport-security": "max-age=31536000" } : {};
}

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** An upgrade is passed on untouched: it carries a socket that a copy would lose. */
export function withSecurityHeaders(response: Response): Response {
  if (response.status === 101) return response;
  const secured = new Response(response.body, response);
  // Another host's answer may bring one of its own, which is not to stand in for ours.
  const isOwnPage = response.headers.get("content-security-policy") === PAGE_POLICY;
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) secured.headers.set(name, value);
  if (isOwnPage) secured.headers.set("content-security-policy", PAGE_POLICY);
  return secured;
}
