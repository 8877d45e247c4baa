/** Processes that wait for their session. */
import { asksWaiting } from "./warm/asks-waiting.ts";

asksWaiting("process");
