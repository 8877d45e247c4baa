/** Where the programs of a sandbox put its token. */

/** The bearer, the password of a Basic authorization whatever its user, or a model vendor's own header. Empty when there is none. */
export function presentedToken(headers: Headers): string {
  const authorization = headers.get("authorization")?.trim() ?? "";
  const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  return bearer ?? passwordOf(authorization) ?? headers.get("x-api-key") ?? headers.get("x-goog-api-key") ?? "";
}

function passwordOf(authorization: string): string | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  try {
    const text = atob(encoded);
    return text.slice(text.indexOf(":") + 1);
  } catch {
    return null;
  }
}
