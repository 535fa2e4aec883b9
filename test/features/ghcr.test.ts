import { serveHosts } from "../../src/simulation/serve_node.ts";
import { ghcrFeatures } from "./ghcr_features.ts";
import { ghcrPackageFeatures } from "./ghcr_package_features.ts";

ghcrFeatures(serveHosts);
ghcrPackageFeatures(serveHosts);
