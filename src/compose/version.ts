/** The release, as `/health` tells it; the same as in package.json, which a gate compares. */
export const VERSION = "0.1.0";
