/** Answers for one service of Modal's: what nobody wrote an answer for fails, and is told when the test is over. */
import { ServerError, Status, type CallContext } from "nice-grpc";
import type { Method } from "./definitions.testkit.ts";

/** Requests are decoded by the SDK's own definitions; their types are its client's. */
export type Handler = (request: never, context: CallContext) => unknown;

export function implement(methods: Readonly<Record<string, Method>>, handlers: Readonly<Record<string, Handler>>, problems: string[]): Record<string, Handler> {
  for (const name of Object.keys(handlers)) if (!(name in methods)) throw new Error(`the SDK has no call ${name}`);
  const told = (name: string, error: unknown): never => {
    if (error instanceof ServerError) throw error;
    problems.push(`${name}: ${String(error)}`);
    throw new ServerError(Status.INTERNAL, `the stand-in failed: ${String(error)}`);
  };
  return Object.fromEntries(
    Object.entries(methods).map(([name, { responseStream }]) => {
      const handler: Handler = handlers[name] ?? (() => told(name, "nobody wrote an answer for it"));
      const one = async (request: never, context: CallContext): Promise<unknown> => {
        try {
          return await handler(request, context);
        } catch (error) {
          return told(name, error);
        }
      };
      const many = async function* (request: never, context: CallContext): AsyncGenerator {
        try {
          yield* handler(request, context) as AsyncIterable<unknown>;
        } catch (error) {
          told(name, error);
        }
      };
      return [name, responseStream ? many : one];
    }),
  );
}

export function refuse(status: Status, details: string): never {
  throw new ServerError(status, details);
}
