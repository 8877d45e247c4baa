/** Where the broker's calls for a host go: over https, or as the operator allowed. Null for what is no host. */
export function originOf(host: string, operatorOrigins: readonly string[]): string | null {
  try {
    const { origin } = new URL(`http://${host.toLowerCase()}`);
    return operatorOrigins.includes(origin) ? origin : new URL(`https://${host.toLowerCase()}`).origin;
  } catch {
    return null;
  }
}
