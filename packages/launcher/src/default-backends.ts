/** Which backends an instance has when nobody chose: containers first where an engine answers, processes behind them. */
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";
import { detectEngine, enginePath, type EngineReport } from "../../../src/adapters/sandbox/docker/detect-engine.ts";
import type { GivenSettings, Settings } from "./settings.ts";

export interface ChosenBackends {
  readonly settings: Settings;
  /** Containers are there as soon as somebody builds the image. */
  readonly lacksImage: boolean;
}

const ENGINE_USUAL = "unix:///var/run/docker.sock";
/** A start does not wait for an engine that hangs. */
const ANSWER_WITHIN_MS = 4_000;

/** What was chosen stays what it is, whatever the machine has. */
export async function chooseBackends(given: GivenSettings, detect: () => Promise<EngineReport> = detectInTime): Promise<ChosenBackends> {
  const { sandboxBackends } = given;
  if (sandboxBackends !== null) return { settings: { ...given, sandboxBackends }, lacksImage: false };
  const { reason, lacksImage } = await detect();
  const usable = reason === null || lacksImage;
  return { settings: { ...given, sandboxBackends: usable ? ["docker", "process"] : ["process"] }, lacksImage };
}

/** What sandboxes in containers are made of here. */
export function chosenImage(env: NodeJS.ProcessEnv = process.env): string {
  return env["SANDBOX_IMAGE"] || SANDBOX_IMAGE;
}

/** Never throws: what is wrong is the report's reason. */
export function detectChosenEngine(env: NodeJS.ProcessEnv = process.env): Promise<EngineReport> {
  const { DOCKER_HOST = ENGINE_USUAL, SANDBOX_RUNTIME: runtime } = env;
  try {
    return detectEngine({ socketPath: enginePath(DOCKER_HOST), image: chosenImage(env), ...(runtime === undefined ? {} : { runtime }) });
  } catch (error) {
    return Promise.resolve({ version: null, reason: error instanceof Error ? error.message : String(error), fix: "unset DOCKER_HOST", lacksImage: false });
  }
}

async function detectInTime(): Promise<EngineReport> {
  const { promise: late, resolve } = Promise.withResolvers<EngineReport>();
  const timer = setTimeout(() => resolve({ version: null, reason: "the engine does not answer", fix: null, lacksImage: false }), ANSWER_WITHIN_MS);
  try {
    return await Promise.race([detectChosenEngine(), late]);
  } finally {
    clearTimeout(timer);
  }
}
