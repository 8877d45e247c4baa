/** Stands in for `cloudflare:*` while titles are collected. Its classes can be extended, and everything else is inert. */
const inert = new Proxy(() => undefined, { get: (_, key) => (key === Symbol.toPrimitive ? () => "" : inert), apply: () => inert });
export const env = inert;
export const exports = inert;
export const SELF = inert;
export const runInDurableObject = inert;
export const runDurableObjectAlarm = inert;
export const evictDurableObject = inert;
export const listDurableObjectIds = inert;
export const createExecutionContext = inert;
export const waitOnExecutionContext = inert;
export const waitUntil = inert;
export const connect = inert;
export class DurableObject {}
export class WorkerEntrypoint {}
export class RpcTarget {}
