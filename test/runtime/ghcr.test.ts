import { ghcrFeatures } from "../features/ghcr_features.ts";
import { ghcrPackageFeatures } from "../features/ghcr_package_features.ts";
import { serveHere } from "../features/serve_world.ts";

// the hash whose state a record saves
if (navigator.userAgent === "Cloudflare-Workers") await import("../../src/hash/workerd.ts");

const serve = await serveHere();
ghcrFeatures(serve);
ghcrPackageFeatures(serve);
