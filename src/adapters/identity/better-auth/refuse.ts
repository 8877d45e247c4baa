/** A refusal of the identity port that nothing was applied for. */
import { PortError, type PortErrorCode } from "../../../core/kernel/port-error.ts";

export function refuse(operation: string, code: PortErrorCode, message: string): never {
  throw new PortError({ port: "identity", operation, code, outcome: "not-applied", retry: "never", message });
}
