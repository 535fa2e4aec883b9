interface NavigatorLike {
  readonly navigator?: { readonly userAgent?: string };
}

/**
 * Whether `fetch` is that of a runtime, as far as that calls itself so (WinterTC: `navigator.userAgent`
 * begins with its name).
 */
export function isRuntime(name: "Node.js" | "Deno"): boolean {
  return !!(globalThis as NavigatorLike).navigator?.userAgent?.startsWith(`${name}/`);
}
