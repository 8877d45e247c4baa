/** The search for secrets in a sandbox that is a process. */
import { sweepSecrets } from "./secrets/sweep.ts";

sweepSecrets({ backend: "process", isolation: "bubblewrap", folders: "sandboxes", inMemory: [] });
