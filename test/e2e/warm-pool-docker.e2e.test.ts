/** Containers that wait for their session. */
import { suiteNeeds } from "@berth/testkit/needs";
import { asksWaiting } from "./warm/asks-waiting.ts";

suiteNeeds("docker", "sandbox-image")("on an engine", () => asksWaiting("docker"));
