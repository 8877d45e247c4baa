/**
 * GitHub's and Google's side of signing in, as their documentation describes it, on the loopback address: RFC 6749 with PKCE
 * (RFC 7636), codes that work once and for their own client and redirect, and the requests for who it is. Whoever is at the
 * browser agrees, as the person that was set.
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 * https://developers.google.com/identity/openid-connect/openid-connect
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const CLIENT = { clientId: "example-client", clientSecret: "example-client-secret" };

export interface StandInPerson {
  readonly id: number;
  readonly name: string;
  readonly emails: readonly { readonly email: string; readonly primary: boolean; readonly verified: boolean }[];
  /** Organization → state of the membership. */
  readonly organizations?: Readonly<Record<string, "active" | "pending">>;
}

export interface StandIn {
  readonly url: string;
  /** Who sits at the browser; null refuses to agree. */
  person: StandInPerson | null;
  /** Answers every request of Berth with this status instead. */
  failing: number | null;
  close(): Promise<void>;
}

interface Grant {
  readonly person: StandInPerson;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  readonly challenge: string;
}

type Answer = readonly [status: number, body: unknown];

export async function startStandIn(): Promise<StandIn> {
  const codes = new Map<string, Grant>();
  const tokens = new Map<string, Grant>();
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const standIn: StandIn = { url, person: null, failing: null, close: () => new Promise((resolve) => void server.close(() => resolve())) };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    if (["/login/oauth/authorize", "/o/oauth2/v2/auth"].includes(pathname)) return authorize(searchParams, response);
    const [status, body] = standIn.failing === null ? await answer(request, pathname) : [standIn.failing, "<html>down</html>"];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

  const authorize = (query: URLSearchParams, response: ServerResponse): void => {
    const get = (name: string): string => query.get(name) ?? "";
    const isRight = get("client_id") === CLIENT.clientId && get("response_type") === "code" && get("code_challenge_method") === "S256" && get("code_challenge") !== "" && get("state") !== "";
    if (!isRight) return void response.writeHead(400).end("The request is not right.");
    const back = new URL(get("redirect_uri"));
    back.searchParams.set("state", get("state"));
    if (standIn.person === null) back.searchParams.set("error", "access_denied");
    else {
      const code = randomUUID();
      codes.set(code, { person: standIn.person, scopes: get("scope").split(" "), redirectUri: get("redirect_uri"), challenge: get("code_challenge") });
      back.searchParams.set("code", code);
    }
    response.writeHead(302, { location: back.toString() }).end();
  };

  const exchange = async (request: IncomingMessage, refusal: (error: string) => Answer): Promise<Answer> => {
    const form = new URLSearchParams(await bodyOf(request));
    if (form.get("client_id") !== CLIENT.clientId || form.get("client_secret") !== CLIENT.clientSecret) return refusal("incorrect_client_credentials");
    const grant = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (form.get("grant_type") !== "authorization_code" || !grant || grant.challenge !== challenge || grant.redirectUri !== form.get("redirect_uri")) return refusal("bad_verification_code");
    const token = `gho_${randomUUID()}`;
    tokens.set(token, grant);
    return [200, { access_token: token, token_type: "bearer", scope: grant.scopes.join(",") }];
  };

  const answer = async (request: IncomingMessage, path: string): Promise<Answer> => {
    const grant = tokens.get(/^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "");
    const needs = (scope: string, found: Answer): Answer => (!grant ? [401, { message: "Bad credentials" }] : grant.scopes.includes(scope) ? found : [403, { message: "Resource not accessible" }]);
    switch (path) {
      case "/login/oauth/access_token":
        return exchange(request, (error) => [200, { error, error_description: "It is not right." }]);
      case "/api/v3/user":
        return needs("read:user", [200, { id: grant?.person.id, login: `login${grant?.person.id}`, name: grant?.person.name || null, email: "shown@example.com" }]);
      case "/api/v3/user/emails":
        return needs("user:email", [200, grant?.person.emails]);
      case "/.well-known/openid-configuration":
        return [200, { issuer: url, authorization_endpoint: `${url}/o/oauth2/v2/auth`, token_endpoint: `${url}/token`, userinfo_endpoint: `${url}/v1/userinfo`, scopes_supported: ["openid", "email", "profile"] }];
      case "/token":
        return exchange(request, (error) => [400, { error: error === "bad_verification_code" ? "invalid_grant" : "invalid_client" }]);
      case "/v1/userinfo": {
        const [first] = grant?.person.emails ?? [];
        return needs("openid", [200, { sub: String(grant?.person.id), name: grant?.person.name, email: first?.email, email_verified: first?.verified }]);
      }
      default: {
        const organization = /^\/api\/v3\/user\/memberships\/orgs\/([^/]+)$/.exec(path)?.[1];
        const state = grant?.person.organizations?.[organization ?? ""];
        return organization === undefined || state === undefined ? [404, { message: "Not Found" }] : needs("read:org", [200, { state, role: "member" }]);
      }
    }
  };
  return standIn;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
