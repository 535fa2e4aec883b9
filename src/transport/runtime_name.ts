interface NavigatorLike {
  readonly navigator?: { readonly userAgent?: string };
}

/**
 * Whether this is the runtime of a name, as it calls itself (WinterTC: `navigator.userAgent` begins with
 * it).
 */
export function isRuntime(name: "Node.js" | "Deno" | "Bun"): boolean {
  return !!(globalThis as NavigatorLike).navigator?.userAgent?.startsWith(`${name}/`);
}
