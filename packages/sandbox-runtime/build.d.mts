/** @returns absolute path of the bundle; `outfile` defaults to dist/runtime/runtime.mjs of the repository */
export function buildRuntime(options?: { outfile?: string }): Promise<string>;

/** @returns absolute path of the bundle; `outfile` defaults to dist/runtime/inside.cjs of the repository */
export function buildInside(options?: { outfile?: string }): Promise<string>;
