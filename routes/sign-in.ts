/** Signing in by a one-use link, and out. The cookie is made by the identity port; this only carries it. */
import { z } from "zod";
import { credentialsOf, requireOwnPage } from "./auth.ts";
import { htmlPage } from "./html.ts";
import { createSubApp, route } from "./route.ts";

export const signIn = createSubApp();

const EXPIRED = `<h1>This sign-in link is used up</h1>
<p>A link works once and within ten minutes. Get a new one where this one came from: on your own machine, run
<code>npm start</code> again and open the address it prints.</p>
<p>If you are signed in already, <a href="/">go to your sessions</a>.</p>`;

route(
  signIn,
  {
    method: "get",
    path: "/sign-in",
    policy: "public",
    scope: null,
    tag: "Account",
    summary: "Sign in by a one-use link",
    query: z.object({ token: z.string().max(512).optional() }),
    success: { status: 303, description: "Signed in; on to the chat page" },
  },
  async ({ services, query }) => {
    const redeemed = query.token === undefined ? null : await services.identity.redeemSignInToken(query.token);
    if (redeemed === null) return htmlPage("Sign in", EXPIRED, { status: 410 });
    return withCookies(new Response(null, { status: 303, headers: { location: "/", "cache-control": "no-store" } }), redeemed.setCookies);
  },
);

route(
  signIn,
  {
    method: "post",
    path: "/sign-out",
    policy: "public",
    scope: null,
    tag: "Account",
    summary: "Sign out",
    description: "Ends the sign-in of the cookie. Without one it does nothing.",
    success: { status: 204 },
  },
  async ({ request, services }) => {
    const credentials = credentialsOf(request);
    const done = new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
    if (credentials?.kind !== "cookie") return done;
    requireOwnPage(request, services.publicUrl);
    return withCookies(done, (await services.identity.signOut(credentials)).setCookies);
  },
);

function withCookies(response: Response, setCookies: readonly string[]): Response {
  for (const cookie of setCookies) response.headers.append("set-cookie", cookie);
  return response;
}
