export interface App {
  readonly routes: { readonly method: string; readonly path: string; readonly access?: object; readonly audit?: string | { readonly exempt: string } }[];
}

export const listRoutes = (app: App) => app.routes.filter(({ method }) => method !== "ALL").map(({ method, path, access, audit }) => ({ method, path, access: access ?? null, audit: audit ?? null }));
