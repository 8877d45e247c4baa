/** A port's answer or error as plain data, for calls between objects: thrown errors lose their fields on the way. */
import { isPortError, PortError } from "./port-error.ts";

export type Reply<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: ReturnType<PortError["toWire"]> };

/** Port errors become values; anything else is a fault of ours and is thrown on. */
export function toReply<Value>(body: () => Value): Reply<Value> {
  try {
    return { ok: true, value: body() };
  } catch (error) {
    if (isPortError(error)) return { ok: false, error: error.toWire() };
    throw error;
  }
}

/** @throws PortError when the reply is one */
export function fromReply<Value>(reply: Reply<Value>): Value {
  if (reply.ok) return reply.value;
  throw new PortError(reply.error);
}
