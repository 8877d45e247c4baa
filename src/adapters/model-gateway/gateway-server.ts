/** The operator's own gateway, and what becomes of the keys that organizations bring. */
export interface GatewayServer {
  /** Without trailing slash. */
  readonly url: string;
  /** With which Berth calls it; null when it asks for none. */
  readonly key: string | null;
  /** `strip`: the gateway has its own keys and never sees an organization's. `forward`: it gets the organization's with the call. */
  readonly keys: "strip" | "forward";
}
