/** Version negotiation at hello: the runtime offers what it speaks, the session takes the highest it speaks too. */
import { LINK_SINCE, LINK_VERSION } from "@berth/protocol";

/** Versions this build speaks. */
export const LINK_VERSIONS: readonly number[] = [1, LINK_SINCE.ups, LINK_VERSION];

/** Null when there is none in common; the link is then closed with `versionUnsupported`. */
export function negotiateVersion(offered: readonly number[], spoken: readonly number[] = LINK_VERSIONS): number | null {
  const common = offered.filter((version) => spoken.includes(version));
  return common.length === 0 ? null : Math.max(...common);
}
