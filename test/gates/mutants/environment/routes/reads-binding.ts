export const blobs = (env: { readonly BLOBS: unknown }) => env.BLOBS;
