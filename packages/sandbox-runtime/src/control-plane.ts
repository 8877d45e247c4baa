/** @param linkUrl `ws://` or `wss://` address of the link, beside which everything else of the control plane is found */
export function controlPlaneUrl(linkUrl: string, path: string): URL {
  return new URL(path, linkUrl.replace(/^ws/, "http"));
}
