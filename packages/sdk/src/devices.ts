/** A key for a program without a browser, by way of a person who has one. */
import type { CollectedDevice, CreatedApiKey, StartDevice, StartedDevice } from "@berth/protocol";
import type { Clock } from "./clock.ts";
import { BerthError, clientError } from "./errors.ts";
import type { Http } from "./http.ts";

export interface DeviceSignIn extends StartDevice {
  /** Shows the person where to go and the code they are to see there. */
  readonly show: (started: Pick<StartedDevice, "userCode" | "url" | "urlWithCode" | "expiresAt">) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

export class Devices {
  readonly #http: Http;
  readonly #clock: Clock;
  constructor(http: Http, clock: Clock) {
    this.#http = http;
    this.#clock = clock;
  }

  start(input: StartDevice): Promise<StartedDevice> {
    return this.#http.post("/device/start", { body: input });
  }

  /** A decision is told once. */
  collect(deviceCode: string): Promise<CollectedDevice> {
    return this.#http.post("/device/collect", { body: { deviceCode } });
  }

  /** Asks for a key and waits until the person has decided. Throws where they refuse, and after ten minutes. */
  async signIn({ show, signal, ...input }: DeviceSignIn): Promise<CreatedApiKey> {
    const started = await this.start(input);
    await show(started);
    for (;;) {
      await this.#clock.sleep(started.intervalS * 1000, signal);
      if (signal?.aborted) throw clientError("aborted", "Waiting was aborted", signal.reason);
      const { state, apiKey } = await this.collect(started.deviceCode);
      if (state === "denied") throw new BerthError({ code: "forbidden", message: "The person refused to let this program have a key" });
      if (state === "approved" && apiKey) return apiKey;
    }
  }
}
