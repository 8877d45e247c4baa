/**
 * `npm run image`: builds the image that sandboxes in containers are made of, or says that it is there already. BASE_IMAGE
 * names another base, SANDBOX_DOCKERFILE another recipe, with the same files to copy from; where the usual base cannot be
 * fetched, root makes one with debootstrap.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { lacks } from "@berth/testkit/machine";
import { buildAll } from "../build.ts";
import { chosenImage } from "../default-backends.ts";
import { baseImage } from "../image/base.ts";
import { BuildRecord } from "../image/build-record.ts";
import { gatherContext } from "../image/context.ts";
import { docker, imageLabel } from "../image/docker-cli.ts";
import { endSignal } from "../end-signal.ts";
import { DOCKERFILE, IMAGE_BUILD } from "../paths.ts";
import { endBelow } from "../process-table.ts";
import { UserError } from "../progress.ts";

const FINGERPRINT = "dev.berth.fingerprint";

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { anyway: { type: "boolean" } } });
  const image = chosenImage();
  const record = BuildRecord.begin(IMAGE_BUILD, image);
  endSignal().addEventListener("abort", () => {
    endBelow(process.pid);
    record.over();
    process.exit(130);
  });
  try {
    console.log(await build(image, values.anyway ?? false, record));
    record.over();
    return 0;
  } catch (error) {
    record.failed(error);
    throw error;
  }
}

/** @returns what became of it, for people. @throws UserError with what failed */
async function build(image: string, anyway: boolean, record: BuildRecord): Promise<string> {
  const lack = lacks("docker");
  if (lack !== null) throw new UserError(`Docker cannot be used: ${lack.reason}.\n${lack.reason === "not installed" ? lack.fix : "Start it, for example with: systemctl start docker"}`);
  const dockerfile = process.env["SANDBOX_DOCKERFILE"] || DOCKERFILE;
  if (!existsSync(dockerfile)) throw new UserError(`SANDBOX_DOCKERFILE: there is no file ${dockerfile}. Name one, or unset it for the usual image.`);
  await buildAll("local", { only: "runtime" });
  const context = await record.step("Gathering the programs of the image", () => gatherContext(dockerfile));
  if (!anyway && imageLabel(image, FINGERPRINT) === context.fingerprint) return `  ${image} is up to date.`;
  const base = process.env["BASE_IMAGE"] || (await baseImage(record.step));
  const options = ["--file", dockerfile, "--build-arg", `BASE_IMAGE=${base}`, "--label", `${FINGERPRINT}=${context.fingerprint}`, "--tag", image];
  await record.step(`Building ${image} from ${base}`, () => docker(["build", ...options, context.folder]));
  return `  ${image} is built.`;
}
