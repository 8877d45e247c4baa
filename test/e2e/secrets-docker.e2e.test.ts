/** The search for secrets in a container. */
import { suiteNeeds } from "@berth/testkit/needs";
import { sweepSecrets } from "./secrets/sweep.ts";

suiteNeeds("docker", "sandbox-image")("secrets in containers", () => sweepSecrets({ backend: "docker", isolation: "container", folders: "containers", inMemory: ["runtime folder"] }));
