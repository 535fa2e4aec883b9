import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";

/** A small disk of its own. */
export interface SmallDisk {
  readonly path: string;
  /** Change its options: `size=40m`, `ro`. */
  set(options: string): void;
  /** Take it away. */
  end(): void;
}

/** Mount a disk in memory; undefined where this user may not mount one. */
export function mountDisk(path: string, size: string): SmallDisk | undefined {
  mkdirSync(path, { recursive: true });
  const mount = (...args: string[]): void => void execFileSync("mount", args, { stdio: "ignore" });
  try {
    mount("-t", "tmpfs", "-o", `size=${size}`, "tidegate-test", path);
  } catch {
    return undefined;
  }
  return {
    path,
    set: (options) => mount("-o", `remount,${options}`, path),
    end: () => void execFileSync("umount", [path]),
  };
}
