import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Product } from "./leak_world.ts";

/** One check taken out of the product: texts that occur exactly once, and what stands there instead. */
export interface Mutant {
  readonly name: string;
  /** Below `src`. */
  readonly file: string;
  readonly edits: readonly (readonly [from: string, to: string])[];
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Bundle the product, with a mutant's edits or without.
 *
 * @throws {Error} If a text does not occur exactly once: the mutant has to follow the code.
 */
export async function loadProduct(mutant?: Mutant): Promise<Product> {
  const { outputFiles: [output] } = await build({
    entryPoints: [`${ROOT}test/support/leak_product.ts`],
    ...{ bundle: true, write: false, format: "cjs", platform: "node", target: "node22" },
    logLevel: "silent",
    plugins: mutant === undefined ? [] : [{
      name: "mutant",
      setup({ onLoad }): void {
        const filter = new RegExp(`/src/${mutant.file.replaceAll(".", "\\.")}$`);
        onLoad({ filter }, ({ path }) => ({ contents: mutate(path, mutant), loader: "ts" }));
      },
    }],
  });
  const module = { exports: {} };
  // the bundle is our own code, built a moment ago
  new Function("require", "module", "exports", output?.text ?? "")(
    createRequire(import.meta.url),
    module,
    module.exports,
  );
  return module.exports as Product;
}

function mutate(path: string, { name, edits }: Mutant): string {
  return edits.reduce((text, [from, to]) => {
    const count = text.split(from).length - 1;
    if (count !== 1) throw new Error(`Mutant "${name}": its text occurs ${count} times in ${path}`);
    return text.replace(from, () => to);
  }, readFileSync(path, "utf8"));
}
