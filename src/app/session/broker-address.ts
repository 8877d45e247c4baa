/**
 * Where a sandbox reaches the model broker is decided when it is told, not when the session was opened: an instance may
 * have moved to another address since, and the broker is always beside the link that the sandbox dials.
 */
import type { DownFrame } from "@berth/protocol";

const LINK_PATH = "/v1/sandbox/link";
const BROKER_PATH = "/v1/broker/model/";

/** @param linkUrl `ws://` or `wss://` address of the link */
export function addressedFrame(frame: DownFrame, linkUrl: string): DownFrame {
  if (frame.type !== "down" || frame.body.type !== "configure" || !linkUrl.endsWith(LINK_PATH)) return frame;
  const here = linkUrl.slice(0, -LINK_PATH.length).replace(/^ws/, "http");
  const providers = frame.body.providers.map((provider) => {
    const at = provider.baseUrl.indexOf(BROKER_PATH);
    return at < 0 ? provider : { ...provider, baseUrl: here + provider.baseUrl.slice(at) };
  });
  return { ...frame, body: { ...frame.body, providers } };
}
