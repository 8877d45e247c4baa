/**
 * What is kept in the browser while it is at a provider's page: the state that must come back, the verifier of PKCE, and where
 * to go on. In a cookie that scripts do not read, for ten minutes: who has it and no code can do nothing with it.
 */
import { z } from "zod";

const Trip = z.object({ provider: z.string(), state: z.string().min(32), codeVerifier: z.string(), next: z.string().nullable() });
export type Trip = z.infer<typeof Trip>;

const LIFETIME_S = 600;

export function newTrip(provider: string, next: string | null, randomBytes: (length: number) => Uint8Array): Trip {
  return { provider, state: base64Url(randomBytes(32)), codeVerifier: base64Url(randomBytes(48)), next };
}

export function tripCookie(publicUrl: string, trip: Trip): string {
  return cookie(publicUrl, base64Url(new TextEncoder().encode(JSON.stringify(trip))), LIFETIME_S);
}

export function clearTrip(publicUrl: string): string {
  return cookie(publicUrl, "", 0);
}

/** Null for none, and for one that is not ours. */
export function readTrip(publicUrl: string, header: string | null): Trip | null {
  const name = nameOf(publicUrl);
  const pair = (header ?? "").split(";").map((each) => each.trim()).find((each) => each.startsWith(`${name}=`));
  try {
    const text = atob((pair ?? "").slice(name.length + 1).replaceAll("-", "+").replaceAll("_", "/"));
    const parsed = Trip.safeParse(JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0)))));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function cookie(publicUrl: string, value: string, maxAgeS: number): string {
  const secure = isHttps(publicUrl) ? "; Secure" : "";
  return `${nameOf(publicUrl)}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax${secure}`;
}

/** Under https no other host of the domain can set it. */
function nameOf(publicUrl: string): string {
  return isHttps(publicUrl) ? "__Host-berth.trip" : "berth.trip";
}

function isHttps(publicUrl: string): boolean {
  return publicUrl.startsWith("https:");
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
