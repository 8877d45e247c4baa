/**
 * Where the model broker is reached: beside the link that this sandbox dials. The session cannot know that address, which
 * is another one in each kind of sandbox, and an instance may have moved since the session was opened.
 */
import type { SandboxProviderConfig } from "@berth/protocol";
import { controlPlaneUrl } from "./control-plane.ts";

const LINK_PATH = "/v1/sandbox/link";
const BROKER_PATH = "/v1/broker/model/";

/** @param linkUrl `ws://` or `wss://` address of the link */
export function besideLink(providers: readonly SandboxProviderConfig[], linkUrl: string): SandboxProviderConfig[] {
  const link = controlPlaneUrl(linkUrl, "").href;
  if (!link.endsWith(LINK_PATH)) return [...providers];
  const here = link.slice(0, -LINK_PATH.length);
  return providers.map((provider) => {
    const at = provider.baseUrl.indexOf(BROKER_PATH);
    return at < 0 ? provider : { ...provider, baseUrl: here + provider.baseUrl.slice(at) };
  });
}
