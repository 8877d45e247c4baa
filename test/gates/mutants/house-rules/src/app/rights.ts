export function mayRemove(principal: { readonly role: string }): boolean {
  return principal.role === "admin";
}
