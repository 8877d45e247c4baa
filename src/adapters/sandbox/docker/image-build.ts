/**
 * What a build of the image says of itself in a file, so that a session that cannot have a container yet can say why. The
 * launcher writes it; a build whose process is gone says nothing any more.
 */
import { readFileSync } from "node:fs";
import { isAlive } from "@berth/sandbox-runtime/processes/process-table";
import { z } from "zod";

const ImageBuild = z.discriminatedUnion("state", [
  z.object({
    state: z.literal("building"),
    image: z.string(),
    /** What is done now, as people are told it. */
    step: z.string(),
    builder: z.object({ pid: z.int(), startedAt: z.string() }),
  }),
  z.object({ state: z.literal("failed"), image: z.string(), /** One line. */ reason: z.string() }),
]);
export type ImageBuild = z.infer<typeof ImageBuild>;

export const BUILD_IMAGE = "npm run image";

/** Null when nobody builds that image, and nobody failed to since it was there last. */
export function readImageBuild(file: string, image?: string): ImageBuild | null {
  const found = ImageBuild.safeParse(parsed(file)).data;
  if (found === undefined || (image !== undefined && found.image !== image)) return null;
  return found.state === "building" && !isAlive(found.builder) ? null : found;
}

/** Why there is no image, as far as a build tells it, and what is to be done about it. */
export function missingImageWords(build: ImageBuild | null): { readonly message: string; readonly fix: string } {
  if (build?.state === "building") {
    return { message: `The image of sandboxes is being built (${build.step}); sessions that begin after that run in containers.`, fix: "Nothing is to be done; `npm run doctor` tells how far it is." };
  }
  const fix = `Build it with \`${BUILD_IMAGE}\`.`;
  if (build?.state === "failed") return { message: `The image of sandboxes could not be built: ${build.reason}`, fix };
  return { message: "The image of sandboxes is not there.", fix };
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
