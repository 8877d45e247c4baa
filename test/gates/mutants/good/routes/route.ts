export interface App {
  readonly routes: { readonly method: string; readonly path: string; readonly access?: object }[];
}

export const listRoutes = (app: App) => app.routes.filter(({ method }) => method !== "ALL").map(({ method, path, access }) => ({ method, path, access: access ?? null }));
