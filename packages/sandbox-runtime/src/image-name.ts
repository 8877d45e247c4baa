/** What `npm run image` builds, and what sandboxes in containers are made of unless SANDBOX_IMAGE says otherwise. */
export const SANDBOX_IMAGE = "berth-sandbox:latest";

/** Programs of the image that come from npm; OpenCode's version is the workspace's own. */
export const IMAGE_NODE = "24.21.0";
export const IMAGE_NPM = "11.21.2";
